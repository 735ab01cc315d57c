import { PublishError } from '@wbor/amqp';
import { postEvent } from '@wbor/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createGatewayUnderTest, type GatewayUnderTest, PASSWORD } from '../../test/gateway-under-test.ts';

const bearer = { authorization: `Bearer ${PASSWORD}` };
const message = { body: 'On battery', source: 'ups', wbor_message_id: 'm' };
const HOUR_MS = 3_600_000;

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await createGatewayUnderTest();
});

const send = (headers: Record<string, string> = {}, payload: object = message) =>
  gateway.app.inject({ method: 'POST', url: '/send', payload, headers: { ...bearer, ...headers } });
const passed = Date.now() - 1_000;
const late = (payload?: object) => send({ prefer: 'wait=9', 'x-deliver-by': String(passed) }, payload);
const get = async () => (await gateway.app.inject({ url: '/send/m', headers: bearer })).json();
const tell = (fields: object) =>
  gateway.states.hear(
    Buffer.from(JSON.stringify({ ...postEvent.example, source: 'ups', wbor_message_id: 'm', ...fields })),
  );
const deadlinePassed = (deliverBy: number) =>
  tell({ outcome: 'expired', deliver_by: new Date(deliverBy).toISOString() });

describe('a call that comes after its deadline', () => {
  it.each<[string, () => void, number, object]>([
    ['not how it ended', () => {}, 504, { code: 'NOT_KNOWN' }],
    ['that it is being posted', () => tell({ outcome: 'refused', code: 429 }), 202, { status: 'posting' }],
    ['that it is in the chat', () => tell({}), 200, { status: 'delivered' }],
    [
      'that GroupMe rejected it',
      () => tell({ outcome: 'rejected', code: 400 }),
      502,
      { code: 'NOT_DELIVERED' },
    ],
    [
      'that it expired with this deadline',
      () => deadlinePassed(passed),
      504,
      { code: 'NOT_POSTED', status: 'expired' },
    ],
    ['that it expired with an earlier one', () => deadlinePassed(passed - 1), 504, { code: 'NOT_KNOWN' }],
  ])('is told what was heard of one before it: %s', async (_what, hear, statusCode, body) => {
    expect((await send()).statusCode).toBe(202);
    hear();
    const response = await late();
    expect(response.statusCode).toBe(statusCode);
    expect(response.json()).toMatchObject({ ...body, wbor_message_id: 'm' });
    expect(gateway.published).toHaveLength(1);
  });

  it('is not told of another source', async () => {
    await send();
    tell({});
    expect((await late({ ...message, source: 'endec' })).json()).toMatchObject({ code: 'NOT_KNOWN' });
  });

  it('is not told that nobody will post it while the broker has not answered, nor when it never did', async () => {
    const started = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    gateway.onPublish(() => {
      started.resolve();
      return answer.promise;
    });
    const first = send();
    await started.promise;
    expect((await late()).json()).toMatchObject({ code: 'NOT_KNOWN' });
    answer.reject(new PublishError('TIMEOUT', 'by the test'));
    expect((await first).json()).toMatchObject({ code: 'CONFIRM_TIMEOUT' });
    expect((await late()).json()).toMatchObject({ code: 'NOT_KNOWN' });
    expect(await get()).toMatchObject({ status: 'unconfirmed' });
    gateway.onPublish(async () => {});
    await send();
    expect(await get()).toMatchObject({ status: 'queued' });
  });

  it('is told that nobody will when the broker certainly has nothing', async () => {
    gateway.setBrokerReady(false);
    expect((await send()).statusCode).toBe(503);
    gateway.setBrokerReady(true);
    gateway.onPublish(() => Promise.reject(new PublishError('RETURNED', 'by the test')));
    expect((await send()).statusCode).toBe(503);
    expect((await late()).json()).toMatchObject({ code: 'NOT_POSTED' });
  });
});

describe('a deadline that passed, as the relay says', () => {
  it('has passed whatever the clock of the gateway says', async () => {
    const deliverBy = Date.now() + HOUR_MS;
    await send({ 'x-deliver-by': String(deliverBy) });
    deadlinePassed(deliverBy);
    expect(await get()).toMatchObject({ status: 'expired', at: new Date(deliverBy).toISOString() });
  });

  it('says nothing of a later one, and is over with a new offer', async () => {
    const earlier = Date.now() + HOUR_MS;
    await send({ 'x-deliver-by': String(earlier) });
    deadlinePassed(earlier);
    await send({ 'x-deliver-by': String(earlier + HOUR_MS) });
    expect(await get()).toMatchObject({ status: 'queued' });
    // That of the earlier offer may be heard after the new one was made.
    deadlinePassed(earlier);
    expect(await get()).toMatchObject({ status: 'expired', at: new Date(earlier).toISOString() });
  });
});
