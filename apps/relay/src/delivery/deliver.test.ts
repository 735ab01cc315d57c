import type { Delivery } from '@wbor/amqp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { startDeliveryLoop } from './deliver.ts';
import { createInbox, type HeldMessage } from './inbox.ts';
import type { StepRunner } from './run-step.ts';
import { createThrottle } from './throttle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The loop around a runner of the test's own: three messages of one source are in hand. */
function startLoop(runOf: (order: string[], release: (message: HeldMessage) => void) => StepRunner) {
  const order: string[] = [];
  const logged: string[] = [];
  const log = (_fields: object, text: string): void => void logged.push(text);
  const logger = { debug() {}, info() {}, warn: log, error: log } as never;
  const inbox = createInbox(systemClock);
  const throttle = createThrottle({ ratePerSecond: 0, maxRatePerSecond: 1, now: systemClock.now });
  const lost = new AbortController();
  const loop = startDeliveryLoop({
    outbox: {
      read: ({ content }) => {
        const planId = content.toString();
        const planned = {
          wbor_message_id: planId,
          source: 'x',
          parts: [{ text: planId }],
          planned_at: 0,
          acknowledge: false,
        };
        return { ok: true, value: { lane: 'normal', planned, planId, inDoubt: false } };
      },
    },
    inbox,
    resume: { readHistory: async () => undefined, partsDone: () => 0 },
    ledger: { find: () => undefined },
    throttle,
    bans: { certain: true, isBannedNow: () => false },
    runner: runOf(order, (message) => inbox.release(message, { tookTurn: true })),
    parker: { park: async () => {} },
    clock: systemClock,
    logger,
    renewHoldMs: 600_000,
  });
  for (const id of ['m1', 'm2', 'm3']) {
    const delivery = { content: Buffer.from(id), channelId: 1, signal: lost.signal } as Delivery;
    void loop.onDelivery(delivery);
  }
  return { inbox, logged, loop, order, throttle };
}

it('tries a message whose step fails again in its place, and parks it when that does not help', async () => {
  const { logged, loop, order } = startLoop((done, release) => ({
    async run(_step, message) {
      if (message.planId === 'm1') throw new Error('a bug');
      done.push(message.planId);
      release(message);
    },
    async giveUp(message, error) {
      done.push(`${message.planId} parked: ${error}`);
      release(message);
    },
  }));
  await vi.advanceTimersByTimeAsync(3_500);
  expect(order).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(order).toEqual(['m1 parked: a bug', 'm2', 'm3']);
  expect(logged).toEqual(Array.from({ length: 5 }, () => 'a step of the delivery failed'));
  loop.stop();
});

it('takes an outage for past when nothing was in hand for a while', async () => {
  const { loop, throttle } = startLoop((_done, release) => ({
    async run(_step, message) {
      throttle.failed('unreachable', 'GroupMe: away', undefined);
      release(message);
    },
    async giveUp() {},
  }));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(throttle.outage).toBe('GroupMe: away');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(throttle.outage).toBeUndefined();
  loop.stop();
});
