import { type ServiceProcess, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), {
    GROUPME_CHARACTER_LIMIT: '50',
    URGENT_SOURCES: 'endec',
    GROUPME_GROUP_ID: '90000001',
  });
});

afterEach(() => world.stop());

/** The word in quotes at the head of each post. */
function said(): string[] {
  return world.posts().map((text) => /"(\w+)/.exec(text)?.[1] ?? text);
}

/** Waits until so many messages have reached the outbox. */
async function planned(relay: ServiceProcess, count: number): Promise<void> {
  await waitFor(() => relay.logs().filter(({ msg }) => msg === 'planned').length >= count, {
    what: `${count} planned messages`,
  });
}

describe('emergencies', () => {
  it('overtake what waits, also during an outage, but never come between the parts of a message', async () => {
    const relay = await world.start();
    world.simulator.setFault({ route: 'bots/post', skip: 1, mode: 'status', status: 503 });
    const long = ['begun'.padEnd(50, 'x'), 'still'.padEnd(50, 'x')].join(' ');
    await world.publish('source.standard.x', { body: long, source: 'x', wbor_message_id: 'begun' });
    await world.simulator.waitFor(({ requests }) => requests.length >= 2, 15_000);
    for (const word of ['one', 'two', 'three']) {
      await world.publish('source.standard.x', { body: word, source: 'x', wbor_message_id: word });
    }
    await planned(relay, 4);
    await world.publish('source.standard.endec', {
      body: 'tornado',
      source: 'endec',
      wbor_message_id: 'tornado',
    });
    await world.publish(
      'source.standard.x',
      { body: 'fire', source: 'x', wbor_message_id: 'fire' },
      { priority: 5 },
    );
    await world.publish('source.standard.x', { body: 'four', source: 'x', wbor_message_id: 'four' });
    await planned(relay, 7);
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length >= 8, { what: 'all posts', timeoutMs: 40_000 });
    expect(said().map((word) => word.replace(/x+$/, ''))).toEqual([
      'begun',
      'still',
      'tornado',
      'fire',
      'one',
      'two',
      'three',
      'four',
    ]);
  });

  it('keep their order while they are held for long, and handed back to the broker again and again', async () => {
    await world.start({ HOLD_RENEW_SECONDS: '1' });
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 503 });
    for (const word of ['warning', 'cancelled']) {
      await world.publish('source.standard.endec', { body: word, source: 'endec', wbor_message_id: word });
      // The second comes while the first is held, so that it is still waiting when the first is handed back.
      await world.simulator.waitFor(({ requests }) => requests.length >= 1, 15_000);
    }
    // Reading the group back does not count.
    const tried = () =>
      world.simulator
        .requests()
        .flatMap(({ json }) => JSON.stringify(json)?.match(/warning|cancelled/) ?? []);
    await waitFor(() => tried().length >= 3, { what: 'three tries', timeoutMs: 40_000 });
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length >= 2, { what: 'both posts', timeoutMs: 40_000 });
    expect(said()).toEqual(['warning', 'cancelled']);
    // During the outage too: nobody knows at which try GroupMe is back.
    expect(tried().slice(0, 3)).toEqual(['warning', 'warning', 'warning']);
  });

  it('go before a message that waits with nothing of it in the chat', async () => {
    await world.start();
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 503 });
    await world.publish('source.standard.x', { body: 'waiting', source: 'x', wbor_message_id: 'waiting' });
    await world.simulator.waitFor(({ requests }) => requests.length >= 1, 15_000);
    await world.publish('source.standard.endec', {
      body: 'tornado',
      source: 'endec',
      wbor_message_id: 'tornado',
    });
    await world.simulator.waitFor(
      ({ requests }) => requests.some(({ json }) => String(JSON.stringify(json)).includes('tornado')),
      30_000,
    );
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length >= 2, { what: 'both posts', timeoutMs: 40_000 });
    expect(said()).toEqual(['tornado', 'waiting']);
  });
});

describe('deadlines', () => {
  it('keep a message from being posted late, and tell the producer', async () => {
    await world.start();
    const { queue, replies } = await world.listenForReplies();
    const deadlineMs = Date.now() - 1;
    await world.publish(
      'source.standard.x',
      { body: 'late', source: 'x', wbor_message_id: 'late' },
      { headers: { 'x-deliver-by': deadlineMs }, replyTo: queue, correlationId: 'c' },
    );
    await world.publish('source.standard.x', { body: 'next', source: 'x', wbor_message_id: 'next' });
    await world.events.waitForCount(2);
    expect(said()).toEqual(['next']);
    expect(world.events.messages.map(({ json }) => (json as { outcome: string }).outcome)).toEqual([
      'expired',
      'delivered',
    ]);
    expect(world.events.messages[0]?.json).toMatchObject({ deliver_by: new Date(deadlineMs).toISOString() });
    await waitFor(() => replies.length === 1, { what: 'the reply' });
    expect(replies).toMatchObject([
      { correlationId: 'c', body: { status: 'failed', message_id: 'late', code: 408 } },
    ]);
  });

  it('count while GroupMe is away, from AMQP expiration too, and no longer once a part is in the chat', async () => {
    await world.start();
    const long = ['begun'.padEnd(50, 'x'), 'still'.padEnd(50, 'x')].join(' ');
    world.simulator.setFault({ route: 'bots/post', skip: 1, mode: 'status', status: 503 });
    const until = Date.now() + 2_000;
    await world.publish(
      'source.standard.x',
      { body: long, source: 'x', wbor_message_id: 'begun' },
      { headers: { 'x-deliver-by': until } },
    );
    await world.publish(
      'source.standard.x',
      { body: 'expiring', source: 'x', wbor_message_id: 'expiring' },
      { expiration: '2000', timestamp: Math.floor(Date.now() / 1000) },
    );
    await world.simulator.waitFor(({ requests }) => requests.length >= 2, 15_000);
    // One whose expiration is counted from now has two seconds more: the broker keeps it no longer.
    await waitFor(() => Date.now() > until + 2_500, { what: 'the deadline to pass' });
    world.simulator.clearFaults();
    await world.publish('source.standard.x', { body: 'next', source: 'x', wbor_message_id: 'next' });
    await waitFor(() => said().at(-1) === 'next', { what: 'the next message', timeoutMs: 40_000 });
    expect(said().map((word) => word.replace(/x+$/, ''))).toEqual(['begun', 'still', 'next']);
  });
});
