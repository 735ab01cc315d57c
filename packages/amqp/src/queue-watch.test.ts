import { expect, it } from 'vitest';
import { describeQueues, type QueueSight, seen, type WatchedQueue } from './queue-watch.ts';

const needed: WatchedQueue = { queue: 'relay.standard', consumer: 'relay', isNeeded: true };
const other: WatchedQueue = { queue: 'audit-logger.events', consumer: 'audit-logger' };
const served = { messageCount: 0, consumerCount: 1 };
const unserved = { messageCount: 3, consumerCount: 0 };

/** What is said after looks that are a second and a half apart. */
function said(queue: WatchedQueue, ...looks: (typeof served | undefined)[]) {
  let sight: QueueSight | undefined;
  for (const [index, facts] of looks.entries()) sight = seen(queue.queue, facts, sight, index * 1_500);
  const sights = sight === undefined ? [] : [sight];
  return { fault: describeQueues([queue], sights, true), notice: describeQueues([queue], sights, false) };
}

it('says nothing before the first look, and of a queue that is consumed', () => {
  expect(said(needed)).toEqual({ fault: undefined, notice: undefined });
  expect(said(needed, served, served)).toEqual({ fault: undefined, notice: undefined });
});

it('a queue that nobody consumes is a notice, with what waits there', () => {
  const notice = 'no relay consumes relay.standard; messages wait there: 3';
  expect(said(needed, served, unserved, unserved)).toEqual({ fault: undefined, notice });
  expect(said(other, { ...unserved, messageCount: 0 }, { ...unserved, messageCount: 0 }).notice).toBe(
    'no audit-logger consumes audit-logger.events',
  );
});

it('a moment without a consumer is none: somebody takes over', () => {
  expect(said(needed, served, unserved).notice).toBeUndefined();
  expect(said(needed, unserved, served, unserved).notice).toBeUndefined();
  expect(said(needed, unserved, unserved, served).notice).toBeUndefined();
});

it('a queue that is gone is a fault where it is needed, else a notice', () => {
  expect(said(needed, undefined, undefined)).toEqual({
    fault: 'queue relay.standard is gone; restart the relay, which declares it',
    notice: undefined,
  });
  expect(said(other, undefined, undefined)).toEqual({
    fault: undefined,
    notice: 'queue audit-logger.events is gone; restart the audit-logger, which declares it',
  });
});

it('counts from when a queue was last seen empty', () => {
  const first = seen('a', unserved, undefined, 1_000);
  const second = seen('a', { ...unserved, messageCount: 9 }, first, 2_000);
  expect(second.waitingSinceMs).toBe(1_000);
  expect(seen('a', served, second, 3_000).waitingSinceMs).toBeUndefined();
});
