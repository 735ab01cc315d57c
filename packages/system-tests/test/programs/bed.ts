import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { writeTokens } from '../../src/write-tokens.ts';
import { type SystemUnderTest, startSystemUnderTest } from '../system-under-test.ts';

/** The whole system, with a token of each of these sources. */
export interface ProgramsBed<Source extends string> extends SystemUnderTest {
  readonly tokens: Readonly<Record<Source, string>>;
  /** POST to the gateway; the body as it is. */
  call(path: string, body: string, headers?: Record<string, string>): Promise<Response>;
}

export async function startForPrograms<Source extends string>(options: {
  sources: readonly Source[];
  relayEnv?: Record<string, string>;
  gatewayEnv?: Record<string, string>;
}): Promise<ProgramsBed<Source>> {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  const TOKENS_FILE = join(folder, 'tokens.json');
  const tokens = writeTokens(TOKENS_FILE, options.sources);
  const system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    relayEnv: { ...options.relayEnv },
    gatewayEnv: { TOKENS_FILE, ...options.gatewayEnv },
  });
  system.onStop(async () => rmSync(folder, { recursive: true }));
  return {
    ...system,
    tokens,
    call: (path, body, headers = {}) =>
      fetch(`${system.gatewayUrl}${path}`, { method: 'POST', body, headers, redirect: 'manual' }),
  };
}
