import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot, waitFor } from '@wbor/testkit';
import { expect, inject, onTestFinished, test } from 'vitest';

/** Interrupts npm start while it starts, and returns its exit code. */
async function interrupt(...options: string[]): Promise<unknown> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wbor-start-'));
  const main = join(repoRoot, 'packages/launcher/src/start/main.ts');
  const child = spawn(process.execPath, [main, '--data-dir', dataDir, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, RABBITMQ_URL: inject('brokerUrl'), DATABASE_URL: inject('databaseUrl') },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  await waitFor(() => output.includes('Starting'), { what: 'the start' });
  child.kill('SIGTERM');
  const [exitCode] = await once(child, 'exit');
  expect(output).toContain('stopping');
  return exitCode;
}

test('a tour that a signal cuts short is not a success', async () => {
  expect(await interrupt('--once')).toBe(128 + 15);
});

test('a signal is how everything else is ended', async () => {
  expect(await interrupt()).toBe(0);
});
