import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishError } from '@wbor/amqp';
import { Secret } from '@wbor/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CALLBACK_SECRET,
  callbackBody,
  createGatewayUnderTest,
  type GatewayUnderTest,
  PASSWORD,
  tokensOf,
} from '../../test/gateway-under-test.ts';
import { openSpool, type Spool } from './spool.ts';

let folder: string;
let spool: Spool;
let gateway: GatewayUnderTest;

async function start(settings = {}, maxBytes = 10_000_000): Promise<void> {
  spool = openSpool(join(folder, 'spool.sqlite'), maxBytes);
  gateway = await createGatewayUnderTest({ tokens: tokensOf({ token: 'script' }), ...settings }, spool);
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(async () => {
  await gateway.app.close();
  spool.close();
  rmSync(folder, { recursive: true });
});

const post = (url: string, payload: object, headers = {}) =>
  gateway.app.inject({ method: 'POST', url, payload, headers });
const callback = (id: string) => post(`/callback/${CALLBACK_SECRET}`, callbackBody({ id }));
const send = () => post('/send', { source: 'ups', body: 'x' }, { authorization: `Bearer ${PASSWORD}` });
const idsOf = () => gateway.published.map(({ body }) => (body as { id?: string }).id);

describe('while the broker takes nothing', () => {
  it('callbacks and /bots/post are accepted and published in their order later, /send is 503', async () => {
    await start();
    gateway.setBrokerReady(false);
    expect((await callback('1')).statusCode).toBe(200);
    expect((await post('/bots/post', { bot_id: 'token', text: 'hello' })).statusCode).toBe(202);
    expect((await callback('2')).statusCode).toBe(200);
    // GroupMe repeats it: it is there already.
    expect((await callback('2')).statusCode).toBe(200);
    expect((await send()).statusCode).toBe(503);
    expect(await gateway.registry.getSingleMetricAsString('gateway_spool_messages')).toContain('messages 3');
    expect(gateway.published).toEqual([]);
    gateway.setBrokerReady(true);
    await expect.poll(() => gateway.published.length, { timeout: 10_000 }).toBe(3);
    expect(idsOf()).toEqual(['1', undefined, '2']);
    expect(gateway.published[1]).toMatchObject({
      routingKey: 'source.standard.script',
      body: { body: 'hello' },
    });
    await expect.poll(() => spool.depth, { timeout: 10_000 }).toBe(0);
  });

  it('/send is accepted, too, where SPOOL_SEND says so', async () => {
    await start({ spoolSend: true });
    gateway.setBrokerReady(false);
    expect((await send()).statusCode).toBe(202);
    expect(spool.depth).toBe(1);
    // But not to those who post by themselves after a deadline.
    const headers = { authorization: `Bearer ${PASSWORD}`, 'x-deliver-by': String(Date.now() + 60_000) };
    expect((await post('/send', { source: 'ups', body: 'y' }, headers)).statusCode).toBe(503);
  });

  it('what comes while messages wait goes behind them', async () => {
    await start();
    gateway.setBrokerReady(false);
    for (const id of ['1', '2', '3']) await callback(id);
    const confirm = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    gateway.onPublish(() => {
      started.resolve();
      return confirm.promise;
    });
    gateway.setBrokerReady(true);
    await started.promise;
    expect((await callback('4')).statusCode).toBe(200);
    confirm.resolve();
    await expect.poll(() => spool.depth, { timeout: 10_000 }).toBe(0);
    expect(idsOf()).toEqual(['1', '2', '3', '4']);
    await callback('5');
    expect(idsOf().at(-1)).toBe('5');
  });

  it('a message that is not confirmed goes into the spool under the same AMQP id', async () => {
    await start();
    const ids: unknown[] = [];
    gateway.onPublish(async ({ messageId }) => {
      ids.push(messageId);
      if (ids.length === 1) throw new PublishError('TIMEOUT', 'by the test');
    });
    expect((await callback('1')).statusCode).toBe(200);
    await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(2);
    expect(ids[1]).toBe(ids[0]);
  });

  it('a broker that hangs holds no caller up: the message goes into the spool', async () => {
    await start({ publishTimeoutMs: 600_000 });
    const ids: unknown[] = [];
    gateway.onPublish(({ messageId }) => {
      ids.push(messageId);
      return ids.length === 1 ? new Promise(() => {}) : Promise.resolve();
    });
    expect((await post('/bots/post', { bot_id: 'token', text: 'hello' })).statusCode).toBe(202);
    await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(2);
    expect(ids[1]).toBe(ids[0]);
    await expect.poll(() => spool.depth, { timeout: 10_000 }).toBe(0);
  });

  it('Twilio has its answer within a second of the gateway’s clock', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await start({
        publishTimeoutMs: 600_000,
        twilioAuthToken: new Secret('t'),
        publicUrl: 'https://wbor.test',
      });
      const published = Promise.withResolvers<void>();
      gateway.onPublish(() => {
        published.resolve();
        return new Promise(() => {});
      });
      const signature = createHmac('sha1', 't').update('https://wbor.test/hooks/twilio/smsBodyHello');
      const answer = gateway.app.inject({
        method: 'POST',
        url: '/hooks/twilio/sms',
        payload: 'Body=Hello',
        headers: { 'x-twilio-signature': signature.digest('base64') },
      });
      await published.promise;
      expect(spool.depth).toBe(0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await answer).body).toBe('<Response/>');
      expect(spool.depth).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('what nobody takes does not hold up the rest', async () => {
    await start();
    gateway.setBrokerReady(false);
    await post('/bots/post', { bot_id: 'token', text: 'hello' });
    await callback('1');
    gateway.onPublish(async ({ routingKey }) => {
      if (routingKey.startsWith('source.standard')) throw new PublishError('RETURNED', 'by the test');
    });
    gateway.setBrokerReady(true);
    await expect.poll(idsOf, { timeout: 10_000 }).toEqual(['1']);
    expect(spool.depth).toBe(1);
  });

  it('a message that can never be published is set aside and said, and the rest goes on', async () => {
    await start();
    gateway.setBrokerReady(false);
    for (const id of ['1', '2']) await callback(id);
    gateway.onPublish(async ({ body }) => {
      if ((body as { id: string }).id === '1') throw new PublishError('INVALID', 'by the test');
    });
    gateway.setBrokerReady(true);
    await expect.poll(() => spool.depth, { timeout: 10_000 }).toBe(0);
    expect(idsOf()).toEqual(['2']);
    expect(gateway.logText()).toContain('a spooled message cannot be published; it stays in SPOOL_FILE');
  });

  it('a spool that is full promises nothing, and takes messages again by itself', async () => {
    await start({}, 2_000);
    gateway.setBrokerReady(false);
    const statuses: number[] = [];
    for (const id of ['1', '2', '3', '4']) statuses.push((await callback(id)).statusCode);
    expect(statuses).toEqual([200, 200, 503, 503]);
    const full = await callback('5');
    expect(full.json()).toMatchObject({ code: 'SPOOL_FULL' });
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
    gateway.setBrokerReady(true);
    await expect.poll(() => spool.depth, { timeout: 10_000 }).toBe(0);
    expect(idsOf()).toEqual(['1', '2']);
    expect((await callback('3')).statusCode).toBe(200);
  });
});
