import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '@wbor/contracts';
import { createNamespace, deleteNamespace, spyOnExchange } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { changeTokenFile, createToken } from '../src/tokens/token-file.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');

let namespace: Namespace;
let folder: string;
let gateway: RunningGateway;
let token: string;

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  const file = join(folder, 'tokens.json');
  const created = createToken({ source: 'failsafe' });
  changeTokenFile(file, () => [created.record]);
  token = created.token;
  gateway = await runGateway({ brokerUrl, namespace, env: { TOKENS_FILE: file } });
});

afterEach(async () => {
  await gateway.stop();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true });
});

it('a script that knows GroupMe only posts a message of its source', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  const call = (path: string, body: object) =>
    fetch(`${gateway.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const answer = await call('/v3/bots/post', { bot_id: token, text: 'Now playing from B' });
  expect([answer.status, await answer.text()]).toEqual([202, '']);
  expect((await call('/bots/post', { bot_id: token, picture_url: 'https://x.test/a.png' })).status).toBe(202);
  expect((await call('/bots/post', { bot_id: `${token}x`, text: 'x' })).status).toBe(404);
  const [first, second] = await spy.waitForCount(2);
  expect(first).toMatchObject({
    routingKey: 'source.standard.failsafe',
    json: { body: 'Now playing from B', source: 'failsafe', format: 'plain' },
    properties: { messageId: expect.any(String), deliveryMode: 2 },
  });
  expect(second?.json).toMatchObject({ body: '', images: ['https://x.test/a.png'] });
  const told = gateway.logText() + first?.content.toString() + second?.content.toString();
  expect(told).not.toContain(token.split('_').slice(2).join('_'));
  await spy.close();
});
