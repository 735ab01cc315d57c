import { postEvent } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import {
  createGatewayUnderTest,
  type GatewayUnderTest,
  PASSWORD,
  REPLY_QUEUE,
  tokensOf,
} from '../../test/gateway-under-test.ts';

const bearer = { authorization: `Bearer ${PASSWORD}` };
const valid = { body: 'On battery', source: 'ups' };

function send(gateway: GatewayUnderTest, headers: Record<string, string>, payload: object = valid) {
  return gateway.app.inject({ method: 'POST', url: '/send', payload, headers: { ...bearer, ...headers } });
}

/** The relay of the test: says these, one after the other, to each message. */
async function withRelay(...replies: object[]): Promise<GatewayUnderTest> {
  const gateway = await createGatewayUnderTest();
  gateway.onPublish(async ({ correlationId }) => {
    for (const reply of replies) gateway.replies.hear(Buffer.from(JSON.stringify(reply)), correlationId);
  });
  return gateway;
}

const posting = { status: 'posting', message_id: 'x' };
const success = { status: 'success', message_id: 'x' };
const failed = { status: 'failed', message_id: 'x', code: 400, reason: 'GroupMe rejected the post' };
const givenUp = { status: 'failed', message_id: 'x', code: 0, reason: 'a fault of the relay' };
const expired = { status: 'failed', message_id: 'x', code: 408, reason: 'the deadline passed' };
const later = () => String(Date.now() + 60_000);

describe('Prefer: wait', () => {
  it.each<[string, object[], Record<string, string>, number, object]>([
    ['delivered', [success], {}, 200, { status: 'delivered' }],
    ['delivered after it was begun', [posting, success], {}, 200, { status: 'delivered' }],
    ['failed', [failed], {}, 502, { status: 'failed', code: 'NOT_DELIVERED', message: failed.reason }],
    ['that it is in doubt', [posting, givenUp], {}, 502, { code: 'IN_DOUBT' }],
    ['expired', [expired], { 'x-deliver-by': later() }, 504, { status: 'expired', code: 'NOT_POSTED' }],
    [
      'expired, though it was about to be posted',
      [posting, expired],
      { 'x-deliver-by': later() },
      504,
      { status: 'expired', code: 'NOT_POSTED' },
    ],
    ['nonsense, then delivered', [{ status: 7 }, success], {}, 200, { status: 'delivered' }],
  ])('says %s', async (_what, replies, headers, statusCode, body) => {
    const gateway = await withRelay(...replies);
    const response = await send(gateway, { prefer: 'wait=20', ...headers });
    expect(response.statusCode).toBe(statusCode);
    expect(response.json()).toMatchObject({ ...body, wbor_message_id: expect.any(String) });
  });

  it.each<[string, object[], string]>([
    ['nothing was heard', [], 'queued'],
    ['the relay has begun', [posting], 'posting'],
  ])('says how far it is when time is up and %s', async (_what, replies, status) => {
    const gateway = await withRelay(...replies);
    const response = await send(gateway, { prefer: 'respond-async, wait=1' });
    expect([response.statusCode, response.json().status]).toEqual([202, status]);
    expect(response.headers['preference-applied']).toBe('wait=1');
  });

  it('asks for a reply, and for word before the first post where there is a deadline', async () => {
    const gateway = await withRelay(success);
    const deliverBy = later();
    await send(gateway, {});
    await send(gateway, { prefer: 'wait=9' });
    await send(gateway, { prefer: 'wait=9', 'x-deliver-by': deliverBy });
    await send(gateway, { 'x-deliver-by': deliverBy });
    const asked = { replyTo: REPLY_QUEUE, correlationId: expect.any(String) };
    expect(
      gateway.published.map(({ body: _body, messageId: _id, routingKey: _key, ...rest }) => rest),
    ).toEqual([
      {},
      asked,
      { ...asked, headers: { 'x-deliver-by': Number(deliverBy), 'x-interim-reply': true } },
      { headers: { 'x-deliver-by': Number(deliverBy) } },
    ]);
  });

  it('tells calls apart that wait at the same time', async () => {
    const gateway = await createGatewayUnderTest();
    const both = Promise.withResolvers<void>();
    const ids: (string | undefined)[] = [];
    gateway.onPublish(async ({ correlationId }) => {
      if (ids.push(correlationId) === 2) both.resolve();
    });
    const answers = [send(gateway, { prefer: 'wait=20' }), send(gateway, { prefer: 'wait=20' })];
    await both.promise;
    gateway.replies.hear(Buffer.from(JSON.stringify(failed)), ids[1]);
    gateway.replies.hear(Buffer.from(JSON.stringify(success)), ids[0]);
    gateway.replies.hear(Buffer.from(JSON.stringify(success)), 'of nobody');
    expect((await Promise.all(answers)).map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 502]);
  });

  it('ends with the truth when the gateway stops', async () => {
    const gateway = await createGatewayUnderTest();
    const started = Promise.withResolvers<void>();
    gateway.onPublish(async () => started.resolve());
    const answer = send(gateway, { prefer: 'wait=25' });
    await started.promise;
    const withDeadline = send(gateway, { prefer: 'wait=25', 'x-deliver-by': later() });
    await expect.poll(() => gateway.published.length).toBe(2);
    gateway.replies.close();
    expect((await answer).json()).toMatchObject({ status: 'queued' });
    const stopped = await withDeadline;
    expect([stopped.statusCode, stopped.json().code]).toEqual([503, 'STOPPING']);
  });

  it.each(['wait=x', 'wait', 'wait=-1', 'wait=1e99', 'nowait=9', '\xff'])('%s is no wait', async (prefer) => {
    const gateway = await withRelay(success);
    expect((await send(gateway, { prefer })).statusCode).toBe(202);
  });
});

describe('X-Deliver-By', () => {
  it('that has passed is 504, and nothing is published', async () => {
    const gateway = await withRelay();
    const response = await send(gateway, { 'x-deliver-by': String(Date.now() - 1) });
    expect([response.statusCode, response.json().code]).toEqual([504, 'NOT_POSTED']);
    expect(gateway.published).toEqual([]);
  });

  it('and the margin pass without a word: 504, which does not say that it was not posted', async () => {
    const gateway = await withRelay();
    const headers = { prefer: 'wait=25', 'x-deliver-by': String(Date.now() + 3_000) };
    const response = await send(gateway, headers);
    expect(response.statusCode).toBe(504);
    expect(response.json()).toMatchObject({ code: 'NOT_KNOWN', wbor_message_id: expect.any(String) });
    expect(response.json()).not.toHaveProperty('status');
  });

  it.each(['soon', '', '1795610177', '-5', '1e13', '9'.repeat(400)])('%j is 400', async (value) => {
    const gateway = await withRelay();
    const response = await send(gateway, { 'x-deliver-by': value });
    expect(response.statusCode).toBe(400);
    expect(response.json().faults).toMatchObject([{ path: 'X-Deliver-By' }]);
  });
});

describe('Idempotency-Key', () => {
  it('makes the ids of a message, for its source alone', async () => {
    const gateway = await withRelay();
    const key = { 'idempotency-key': 'on-battery-17' };
    const ids = [];
    for (const [headers, payload] of [
      [key, valid],
      [key, valid],
      [key, { ...valid, source: 'endec' }],
      [{ 'idempotency-key': 'other' }, valid],
    ] as const) {
      ids.push((await send(gateway, headers, payload)).json().wbor_message_id);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    expect(gateway.published[1]).toEqual(gateway.published[0]);
    const named = await send(gateway, key, { ...valid, wbor_message_id: 'mine' });
    expect(named.json().wbor_message_id).toBe('mine');
  });

  it.each(['', ' ', 'k'.repeat(256)])('%j is 400', async (value) => {
    const gateway = await withRelay();
    expect((await send(gateway, { 'idempotency-key': value })).statusCode).toBe(400);
  });
});

describe('alreadysent', () => {
  it('publishes a log, each content once, and waits for nobody', async () => {
    const gateway = await withRelay();
    const log = { ...valid, wbor_message_id: 'm-1', alreadysent: true, statuscode: 202 };
    for (const payload of [log, log, { ...log, statuscode: '0', body: 'part 2' }, { ...log, body: '' }]) {
      expect((await send(gateway, { prefer: 'wait=9' }, payload)).statusCode).toBe(202);
    }
    expect(gateway.published[0]).toEqual({
      routingKey: 'source.standard.ups',
      messageId: expect.any(String),
      body: { body: 'On battery', source: 'ups', wbor_message_id: 'm-1', statuscode: 202 },
      headers: { alreadysent: true },
    });
    expect(gateway.published[1]).toEqual(gateway.published[0]);
    expect(gateway.published[2]).toMatchObject({ body: { statuscode: 0, body: 'part 2' } });
    expect(new Set(gateway.published.map(({ messageId }) => messageId)).size).toBe(3);
  });

  it('publishes a log for each Idempotency-Key: two calls for one text may have had one answer', async () => {
    const gateway = await withRelay();
    const log = { ...valid, wbor_message_id: 'm-1', alreadysent: true, statuscode: 503 };
    for (const key of ['call-1', 'call-1', 'call-2']) {
      expect((await send(gateway, { 'idempotency-key': key }, log)).statusCode).toBe(202);
    }
    const [first, repeated, second] = gateway.published.map(({ messageId }) => messageId);
    expect(repeated).toBe(first);
    expect(second).not.toBe(first);
  });

  it.each([
    { alreadysent: 'maybe' },
    { alreadysent: true, statuscode: 'x' },
    { alreadysent: true, statuscode: -1 },
  ])('%j is 400', async (fields) => {
    const gateway = await withRelay();
    expect((await send(gateway, {}, { ...valid, ...fields })).statusCode).toBe(400);
  });

  it('false, or null, is a message like any other', async () => {
    const gateway = await withRelay();
    for (const alreadysent of [false, null, 'false', 0]) await send(gateway, {}, { ...valid, alreadysent });
    expect(gateway.published.map(({ headers }) => headers)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('GET /send/:wbor_message_id', () => {
  const get = (gateway: GatewayUnderTest, id: string, headers: Record<string, string> = bearer) =>
    gateway.app.inject({ url: `/send/${encodeURIComponent(id)}`, headers });
  const tell = (gateway: GatewayUnderTest, fields: object) =>
    gateway.states.hear(Buffer.from(JSON.stringify({ ...postEvent.example, source: 'ups', ...fields })));

  it('says how far a message is', async () => {
    const gateway = await withRelay();
    const id = 'an id / with more';
    await send(gateway, {}, { ...valid, wbor_message_id: id });
    expect((await get(gateway, id)).json()).toEqual({
      wbor_message_id: id,
      source: 'ups',
      status: 'queued',
      delivered_parts: 0,
      at: expect.any(String),
    });
    const told: [object, object][] = [
      [
        { part: 1, parts: 2, outcome: 'refused', code: 429 },
        { status: 'posting', delivered_parts: 0, code: 429 },
      ],
      [
        { part: 1, parts: 2, outcome: 'delivered' },
        { status: 'posting', delivered_parts: 1, parts: 2 },
      ],
      [
        { part: 1, parts: 2, outcome: 'delivered' },
        { status: 'posting', delivered_parts: 1 },
      ],
      [
        { part: 2, parts: 2, outcome: 'delivered' },
        { status: 'delivered', delivered_parts: 2, code: 202 },
      ],
    ];
    for (const [event, state] of told) {
      tell(gateway, { ...event, wbor_message_id: id });
      expect((await get(gateway, id)).json()).toMatchObject(state);
    }
  });

  it.each([
    ['rejected', 'failed'],
    ['expired', 'expired'],
    ['blocked', 'blocked'],
    ['already-sent', 'already-sent'],
    ['unknown', 'posting'],
  ])('says of the outcome %s %s', async (outcome, status) => {
    const gateway = await withRelay();
    tell(gateway, { wbor_message_id: 'm', outcome, part: undefined, parts: undefined });
    expect((await get(gateway, 'm')).json()).toMatchObject({ status, outcome });
  });

  it('says that a message failed which the relay could not even read', async () => {
    const gateway = await withRelay(failed);
    await send(gateway, { prefer: 'wait=9' }, { ...valid, wbor_message_id: 'm' });
    expect((await get(gateway, 'm')).json()).toMatchObject({ status: 'failed', code: 400 });
  });

  it('is 404 for what was not heard of, 401 for strangers, and tells a token of its own source alone', async () => {
    const tokens = tokensOf({ 't-ups': 'ups', 't-endec': 'endec' });
    const gateway = await createGatewayUnderTest({ tokens });
    await send(gateway, {}, { ...valid, wbor_message_id: 'm' });
    expect((await get(gateway, 'other')).json()).toMatchObject({ statusCode: 404, code: 'NOT_FOUND' });
    expect((await get(gateway, 'm', {})).statusCode).toBe(401);
    expect((await get(gateway, 'm', { authorization: 'Bearer t-ups' })).statusCode).toBe(200);
    expect((await get(gateway, 'm', { authorization: 'Bearer t-endec' })).statusCode).toBe(404);
    gateway.states.hear(Buffer.from('no event'));
  });
});
