import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { readFixtures } from './fixture.ts';

/** What Twilio signs with, and the address that it signs. */
export const DEMO_TWILIO = { authToken: 'demo-twilio-token', publicUrl: 'https://chat.example.org' } as const;

/**
 * A token of `npm start` and of tests: everybody knows it. It is in no file of tokens but the one that is written here, for
 * gateways on the loopback address.
 */
export function demoToken(source: string): string {
  return `wbor_${demoTokenId(source)}_for-trying-out-on-this-machine-and-no-other`;
}

/**
 * Settings of a gateway that takes every fixture.
 *
 * @param folder where the file of tokens is written, as `npm run token` would.
 */
export function demoGatewaySettings(folder: string): Record<string, string> {
  const sources = new Set(readFixtures().flatMap(({ source }) => source ?? []));
  const tokens = [...sources].map((source) => ({
    id: demoTokenId(source),
    source,
    hash: createHash('sha256').update(demoToken(source)).digest('hex'),
    created_at: new Date().toISOString(),
    note: 'demo',
  }));
  const file = join(folder, 'demo-tokens.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`, { mode: 0o600 });
  return {
    TOKENS_FILE: file,
    HOOKS_FILE: join(repoRoot, 'apps/gateway/examples/hooks.json'),
    TWILIO_AUTH_TOKEN: DEMO_TWILIO.authToken,
    PUBLIC_URL: DEMO_TWILIO.publicUrl,
  };
}

function demoTokenId(source: string): string {
  return `demo${source.replaceAll(/[^a-z0-9]/g, '')}`;
}
