import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), {
    GROUPME_CHARACTER_LIMIT: '50',
    GROUPME_RATE_PER_SECOND: '2',
  });
});

afterEach(() => world.stop());

const MESSAGES = 8;

async function publishAll(): Promise<void> {
  for (let number = 1; number <= MESSAGES; number += 1) {
    await world.publish('source.standard.x', {
      body: `message ${number}`,
      source: 'x',
      wbor_message_id: `m${number}`,
    });
  }
}

function numbers(): number[] {
  return world.posts().map((text) => Number(/"message (\d+)"/.exec(text)?.[1]));
}

describe('of two relays', () => {
  it('the other goes on when the one that delivers is frozen, and that one repeats nothing when it thaws', async () => {
    const first = await world.start();
    const second = await world.start();
    const allPublished = publishAll();
    await allPublished;
    // Frozen between two posts: the last one is answered and logged, the next is waiting for its pace.
    await waitFor(() => world.posts().length >= 2 && world.events.messages.length === world.posts().length, {
      what: 'the pause behind a post',
      intervalMs: 5,
    });
    first.signal('SIGSTOP');
    try {
      await waitFor(() => new Set(numbers()).size === MESSAGES, {
        what: 'the other relay finishing',
        timeoutMs: 50_000,
      });
    } finally {
      first.signal('SIGCONT');
    }
    // It is itself again when it has connected anew; whatever it was about to post it would have posted by then.
    await first.waitForLog((line) => line.msg === 'connected to the broker again', 30_000);
    await waitFor(async () => (await fetch(`${first.healthUrl}/readyz`)).ok, {
      what: 'the thawed relay being ready',
    });
    await second.stop();
    await world.publish('source.standard.x', {
      body: `message ${MESSAGES + 1}`,
      source: 'x',
      wbor_message_id: 'last',
    });
    await waitFor(() => numbers().includes(MESSAGES + 1), {
      what: 'the thawed relay delivering',
      timeoutMs: 20_000,
    });
    expect(numbers()).toEqual(Array.from({ length: MESSAGES + 1 }, (_, index) => index + 1));
  }, 120_000);

  it('both say that they are ready, and one holds the lock', async () => {
    const relays = [await world.start(), await world.start()];
    for (const relay of relays) expect((await fetch(`${relay.healthUrl}/readyz`)).status).toBe(200);
    await publishAll();
    await waitFor(() => numbers().length === MESSAGES, { what: 'all posts' });
    const posted = () => relays.map((relay) => relay.logs().filter((line) => line.msg === 'posted').length);
    await waitFor(() => posted().reduce((sum, count) => sum + count) === MESSAGES, { what: 'all log lines' });
    expect(posted().toSorted((a, b) => a - b)).toEqual([0, MESSAGES]);
  });
});
