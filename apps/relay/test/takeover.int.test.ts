import { queueName, relayJournalQueue } from '@wbor/contracts';
import { connectAmqp, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), { GROUPME_CHARACTER_LIMIT: '50' });
});

afterEach(() => world.stop());

/** A text of this many parts: each is one word as long as a part. */
function textOf(parts: number, mark: string): string {
  return Array.from({ length: parts }, (_, index) => `${mark}${index + 1}`.padEnd(50, mark)).join(' ');
}

function labels(): string[] {
  return world.posts().map((text) => /^(?:\((\d+\/\d+)\):\n)?"(.)/.exec(text)?.slice(1).join(' ') ?? text);
}

/** What the exchange was told of a message's calls. */
function calls(messageId: string) {
  return world.events.messages
    .map(({ json }) => json as Record<string, unknown>)
    .filter((event) => event.wbor_message_id === messageId)
    .map(({ part, attempt, outcome, evidence }) => ({
      part,
      attempt,
      outcome,
      ...(evidence === undefined ? {} : { evidence }),
    }));
}

describe('a relay that takes over', () => {
  it('goes on behind the last part that was logged', async () => {
    const first = await world.start();
    world.simulator.setFault({ route: 'bots/post', skip: 2, times: 1, mode: 'hang' });
    await world.publish('source.standard', { body: textOf(3, 'a'), source: 'x', wbor_message_id: 'id' });
    await world.simulator.waitFor(({ requests }) => requests.length === 3, 15_000);
    await world.events.waitForCount(2);
    await first.kill();
    await world.start();
    await waitFor(() => world.posts().length >= 3, { what: 'the last part' });
    expect(labels()).toEqual(['1/3 a', '2/3 a', '3/3 a']);
    // The call that the killed one could not tell of has its event too.
    await world.events.waitForCount(4);
    expect(calls('id')).toMatchObject([
      { part: 1, attempt: 1, outcome: 'delivered' },
      { part: 2, attempt: 1, outcome: 'delivered' },
      { part: 3, attempt: 1, outcome: 'unknown', evidence: 'none' },
      { part: 3, attempt: 2, outcome: 'delivered' },
    ]);
    expect(world.simulator.requests()).toHaveLength(4);
  });

  it('looks for nothing where no call was begun, and takes other messages with the same words for others', async () => {
    const settings = { GROUPME_GROUP_ID: '90000001', GROUPME_RATE_PER_SECOND: '0.05' };
    const first = await world.start(settings);
    const message = { body: 'twice', source: 'x', wbor_message_id: 'id' };
    await world.publish('source.standard', message, { messageId: 'producer-1' });
    await world.publish('source.standard', message, { messageId: 'producer-2' });
    await world.events.waitForCount(1);
    await first.waitForLog((line) => line.msg === 'planned' && line.wbor_message_id === 'id');
    // The second is in hand, and waits for its pace.
    await first.kill();
    await world.start({ ...settings, GROUPME_RATE_PER_SECOND: '0' });
    await world.events.waitForCount(2);
    expect(labels()).toEqual([' t', ' t']);
    expect(calls('id')).toEqual([
      { part: 1, attempt: 1, outcome: 'delivered' },
      { part: 1, attempt: 1, outcome: 'delivered' },
    ]);
    expect(world.simulator.requests().map(({ path }) => path)).toEqual(['/v3/bots/post', '/v3/bots/post']);
  });

  it('posts although somebody has deleted the journal', async () => {
    const relay = await world.start();
    const connection = await connectAmqp(inject('brokerUrl'));
    world.onStop(() => connection.close());
    const channel = await connection.createChannel();
    await channel.deleteQueue(queueName(relayJournalQueue, world.namespace));
    await world.publish('source.standard', { body: 'alert', source: 'x', wbor_message_id: 'id' });
    await waitFor(() => world.posts().length === 1, { what: 'the post' });
    await relay.waitForLog((line) => String(line.msg).startsWith('could not write to the journal'));
  });

  it('does not post again what another has posted in full, and tells the producer', async () => {
    const first = await world.start();
    await world.publish('source.standard', { body: textOf(2, 'a'), source: 'x', wbor_message_id: 'id' });
    await world.events.waitForCount(2);
    await first.stop();
    const { queue, replies } = await world.listenForReplies();
    // What a relay leaves that died between the last post and its acks: the message is planned a second time.
    const parts = world.posts().map((text) => ({ text }));
    const planned = {
      wbor_message_id: 'id',
      source: 'x',
      parts,
      acknowledge: false,
      planned_at: Date.now(),
      reply_to: queue,
    };
    await world.publishPlanned({ ...planned, correlation_id: 'c' }, { 'x-in-doubt': true });
    await world.start();
    await waitFor(() => replies.length === 1, { what: 'the reply' });
    expect(replies).toEqual([{ correlationId: 'c', body: { status: 'success', message_id: 'id' } }]);
    await world.publish('source.standard', { body: 'next', source: 'x', wbor_message_id: 'next' });
    await waitFor(() => labels().at(-1) === ' n', { what: 'the next message' });
    expect(labels()).toEqual(['1/2 a', '2/2 a', ' n']);
  });
});

describe('two relays', () => {
  it('never post at once and never mix parts, whatever the sources, and outlive a kill', async () => {
    const relays = [await world.start(), await world.start()];
    world.simulator.setFault({ route: 'bots/post', mode: 'delay', delayMs: 20 });
    const marks = 'abcdefghijklmnopqrst'.split('');
    for (const [index, mark] of marks.entries()) {
      const sms = index % 2 === 0;
      await world.publish(sms ? 'source.twilio.sms.incoming' : 'source.standard.x', {
        [sms ? 'Body' : 'body']: textOf(3, mark),
        wbor_message_id: `${mark}-id`,
      });
    }
    await waitFor(() => world.posts().length >= 20, { what: 'a third of the posts' });
    await relays[0]?.kill();
    await waitFor(() => new Set(world.posts()).size === marks.length * 3, {
      what: 'all parts',
      timeoutMs: 40_000,
    });

    // Repeats out, at most one for the kill.
    const seen = world.posts();
    expect(seen.length).toBeLessThanOrEqual(marks.length * 3 + 1);
    const order = [...new Set(labels())];
    expect(order).toHaveLength(marks.length * 3);
    for (let index = 0; index < order.length; index += 3) {
      const mark = order[index]?.at(-1);
      expect(order.slice(index, index + 3)).toEqual([`1/3 ${mark}`, `2/3 ${mark}`, `3/3 ${mark}`]);
    }
    for (const parity of [0, 1]) {
      const ofSource = order.filter((label) => marks.indexOf(label.at(-1) ?? '') % 2 === parity);
      expect(ofSource.map((label) => label.at(-1))).toEqual(ofSource.map((label) => label.at(-1)).toSorted());
    }
    const answered = world.simulator.requests().filter((request) => request.ending === 'answered');
    for (const [index, request] of answered.entries()) {
      const next = answered[index + 1];
      // Times are whole milliseconds.
      if (next) {
        expect(Date.parse(next.at) + 1).toBeGreaterThanOrEqual(
          Date.parse(request.at) + (request.durationMs ?? 0) - 1,
        );
      }
    }
  });
});
