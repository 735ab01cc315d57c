import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Namespace } from '@wbor/contracts';
import { createNamespace, deleteNamespace, repoRoot, spyOnExchange, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');

let namespace: Namespace;
let folder: string;
let gateway: RunningGateway;

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  gateway = await runGateway({ brokerUrl, namespace, env: { TOKENS_FILE: join(folder, 'tokens.json') } });
});

afterEach(async () => {
  await gateway.stop();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true });
});

function runCommand(...args: string[]) {
  const main = join(repoRoot, 'apps/gateway/src/tokens/main.ts');
  const env = { ...process.env, TOKENS_FILE: join(folder, 'tokens.json') };
  const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('a token that the command makes counts at once and one that it revokes no more, without a restart', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  const created = runCommand('create', 'ups');
  expect([created.status, created.stderr]).toEqual([0, expect.stringContaining('shown this once')]);
  const token = created.stdout.trim();
  const send = async () => (await gateway.send({ body: 'On battery' }, token)).status;
  await waitFor(async () => (await send()) === 202, { what: 'the gateway knows the token' });
  const [published] = await spy.waitForCount(1);
  expect(published?.routingKey).toBe('source.standard.ups');
  expect((await gateway.send({ body: 'x', source: 'endec' }, token)).status).toBe(403);
  expect(runCommand('revoke', token.split('_')[1] ?? '').status).toBe(0);
  await waitFor(async () => (await send()) === 401, { what: 'the gateway has forgotten it' });
  const secret = token.split('_').slice(2).join('_');
  expect(gateway.logText() + published?.content.toString()).not.toContain(secret);
  await spy.close();
});

it('the command ends with 1 for what cannot be done, and with 2 for wrong usage', () => {
  expect(runCommand('revoke', 'nobody')).toMatchObject({ status: 1, stdout: '' });
  expect(runCommand('create', 'No Slug')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('usage:'),
  });
  expect(runCommand('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('usage:') });
});
