import { moderatorCallbacksQueue, queueName, relayOutboxQueue } from '@wbor/contracts';
import { startHttpServer, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), { GROUPME_CHARACTER_LIMIT: '50' });
});

afterEach(() => world.stop());

const threeParts =
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen';

function outcomes(): unknown[] {
  return world.events.messages.map(({ json }) => {
    const event = json as { outcome: string; code: number; part: number; attempt: number };
    return [event.part, event.attempt, event.outcome, event.code];
  });
}

function postsBegin(count: number): Promise<unknown> {
  return waitFor(() => world.posts().length >= count, { what: `${count} posts`, timeoutMs: 30_000 });
}

describe('failures of GroupMe', () => {
  it('repeats a refused part, in order, and logs each call', async () => {
    await world.start();
    world.simulator.setFault({
      route: 'bots/post',
      skip: 1,
      times: 1,
      mode: 'status',
      status: 429,
      retryAfter: 1,
    });
    await world.publish('source.standard', { body: threeParts, source: 'x', wbor_message_id: 'a' });
    await world.publish('source.standard', { body: 'next', source: 'x', wbor_message_id: 'b' });
    await postsBegin(4);
    await world.events.waitForCount(5);
    expect(world.posts().map((text) => text.slice(0, 5))).toEqual(['(1/3)', '(2/3)', '(3/3)', '"next']);
    expect(outcomes()).toEqual([
      [1, 1, 'delivered', 202],
      [2, 1, 'refused', 429],
      [2, 2, 'delivered', 202],
      [3, 1, 'delivered', 202],
      [1, 1, 'delivered', 202],
    ]);
  });

  it.each([
    ['a 500', { mode: 'status', status: 500 } as const, 'unknown', 500],
    ['a reset', { mode: 'reset' } as const, 'unknown', 0],
  ])('repeats after %s', async (_what, fault, outcome, code) => {
    await world.start();
    world.simulator.setFault({ route: 'bots/post', times: 1, ...fault });
    await world.publish('source.standard', { body: 'again', source: 'x', wbor_message_id: 'a' });
    await postsBegin(1);
    await world.events.waitForCount(2);
    expect(outcomes()).toEqual([
      [1, 1, outcome, code],
      [1, 2, 'delivered', 202],
    ]);
  });

  it('keeps everything while the bot is unknown, says so, and goes on by itself', async () => {
    const relay = await world.start();
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 404 });
    await world.publish('source.standard', { body: 'kept', source: 'x', wbor_message_id: 'a' });
    const readiness = await waitFor(
      async () => {
        const answer = await fetch(`${relay.healthUrl}/readyz`);
        return answer.status === 503 ? ((await answer.json()) as { faults: unknown[] }) : undefined;
      },
      { what: 'not being ready' },
    );
    expect(readiness.faults).toMatchObject([{ name: 'groupme' }]);
    world.simulator.clearFaults();
    await postsBegin(1);
    await waitFor(async () => (await fetch(`${relay.healthUrl}/readyz`)).ok, { what: 'being ready again' });
    expect(JSON.stringify(relay.logs())).toContain('check GROUPME_BOT_ID');
  });

  it('parks what is left of a message that GroupMe rejects, tells the producer, and goes on', async () => {
    await world.start();
    world.simulator.setFault({ route: 'bots/post', skip: 1, times: 1, mode: 'status', status: 400 });
    const { queue, replies } = await world.listenForReplies();
    await world.publish(
      'source.standard',
      { body: threeParts, source: 'x', wbor_message_id: 'a' },
      { replyTo: queue, correlationId: 'c' },
    );
    await world.publish('source.standard', { body: 'next', source: 'x', wbor_message_id: 'b' });
    await waitFor(() => world.posts().some((text) => text.startsWith('"next')), { what: 'the next message' });
    expect(world.posts().map((text) => text.slice(0, 5))).toEqual(['(1/3)', '"next']);
    await waitFor(() => replies.length === 1, { what: 'the reply' });
    expect(replies).toMatchObject([
      { correlationId: 'c', body: { status: 'failed', message_id: 'a', code: 400 } },
    ]);
  });
});

describe('acknowledgements', () => {
  it.each([relayOutboxQueue, moderatorCallbacksQueue])(
    'never reach a queue of our own, whatever reply address a producer gives: $name',
    async (queue) => {
      const relay = await world.start();
      await world.publish(
        'source.standard',
        { body: 'tricky', source: 'x', wbor_message_id: 'a' },
        { replyTo: queueName(queue, world.namespace), correlationId: 'c' },
      );
      await relay.waitForLog((line) => String(line.msg).includes('unusable reply address'));
      await world.publish('source.standard', { body: 'next', source: 'x', wbor_message_id: 'b' });
      await world.events.waitForCount(2);
      expect(world.posts()).toHaveLength(2);
      // A reply in the outbox would have been taken for a message, and parked as none.
      const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
      expect(metrics).not.toMatch(/relay_messages_parked_total\{/);
    },
  );

  it('are tried three times, and a 404 is taken as a late answer', async () => {
    const answers = [500, 500, 200, 404];
    const web = await startHttpServer({
      'POST /ack': (_request, response) => void response.writeHead(answers.shift() ?? 500).end(),
    });
    world.onStop(() => web.dispose());
    const relay = await world.start({ ACK_URL: `${web.url}/ack` });
    await world.publish('source.twilio.sms.incoming', { Body: 'one', wbor_message_id: 'a' });
    await web.waitForCount(3);
    await world.publish('source.twilio.sms.incoming', { Body: 'two', wbor_message_id: 'b' });
    await relay.waitForLog((line) => line.wbor_message_id === 'b' && line.code === 404);
    expect(web.requests).toHaveLength(4);
    expect(world.posts()).toHaveLength(2);
  });
});

describe('two messages with the same id and text', () => {
  it('both arrive', async () => {
    await world.start();
    for (let copy = 0; copy < 2; copy += 1) {
      await world.publish('source.standard', { body: 'twice', source: 'x', wbor_message_id: 'same' });
    }
    await postsBegin(2);
    expect(world.posts()).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('drains and exits 0 within ten seconds, also while GroupMe hangs, and the next relay goes on in order', async () => {
    const relay = await world.start();
    world.simulator.setFault({ route: 'bots/post', skip: 2, times: 1, mode: 'hang' });
    await world.publish('source.standard', { body: threeParts, source: 'x', wbor_message_id: 'a' });
    await world.publish('source.standard', { body: 'next', source: 'x', wbor_message_id: 'b' });
    await postsBegin(2);
    const { durationMs, exitCode } = await relay.stop();
    expect(exitCode).toBe(0);
    expect(durationMs).toBeLessThan(10_000);
    await world.start();
    await postsBegin(4);
    expect(world.posts().map((text) => text.slice(0, 5))).toEqual(['(1/3)', '(2/3)', '(3/3)', '"next']);
  });
});
