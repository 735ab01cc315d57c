import type { Delivery } from '@wbor/amqp';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createRelayMetrics } from '../metrics.ts';
import { systemClock } from './clock.ts';
import type { HeldMessage } from './inbox.ts';
import { createPartPoster, type PartPosterOptions } from './post-part.ts';
import { createLedger } from './reconcile/ledger.ts';
import { createThrottle } from './throttle.ts';

const NEVER = new AbortController().signal;

/** A message of one part or more, in hand. */
function held(id: string, parts = 1): HeldMessage {
  const planned = {
    wbor_message_id: id,
    source: 'x',
    parts: Array.from({ length: parts }, (_, index) => ({ text: `${id} ${index + 1}` })),
    planned_at: 0,
    acknowledge: false,
  };
  const delivery = { signal: NEVER, isHeld: async () => true } as Delivery;
  return { planId: id, planned, delivery } as HeldMessage;
}

/** A poster whose results are stored when the test says so, and the story of what it did. */
function createBed() {
  const story: string[] = [];
  const stored: (() => void)[] = [];
  const logger = { info() {}, warn() {}, error() {} } as never;
  const options: Partial<PartPosterOptions> = {
    ledger: createLedger(),
    throttle: createThrottle({ ratePerSecond: 0, maxRatePerSecond: 1, now: () => 0 }),
    groupme: {
      async postMessage({ text }) {
        story.push(`call ${text}`);
        return { status: 202, durationMs: 1 };
      },
    },
    journal: {
      async announce(_delivery, { text }) {
        story.push(`announce ${text}`);
        return true;
      },
    },
    recorder: {
      log() {},
      record: (_planned, { text }) =>
        new Promise((resolve) => {
          story.push(`record ${text}`);
          stored.push(resolve);
        }),
    },
    progress: { posting: () => undefined, inDoubt: () => undefined },
    metrics: createRelayMetrics(new Registry()),
    clock: systemClock,
    logger,
  };
  const poster = createPartPoster(options as PartPosterOptions);
  return {
    story,
    store: () => stored.shift()?.(),
    post: (message: HeldMessage, part = 1, within = 60_000) => poster.post(message, part, NEVER, within),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('a call is announced while the result of the one before it is stored, and made after that', async () => {
  const { post, store, story } = createBed();
  expect(await post(held('a'))).toBe('delivered');
  const second = post(held('b'));
  await settled();
  expect(story).toEqual(['announce a 1', 'call a 1', 'record a 1', 'announce b 1']);
  store();
  expect(await second).toBe('delivered');
  expect(story.at(-2)).toBe('call b 1');
});

it('a result that is not stored within the time of the next message keeps that from being begun', async () => {
  const { post, story } = createBed();
  await post(held('a'));
  expect(await post(held('b'), 1, 1)).toBe('not-announced');
  expect(story).not.toContain('call b 1');
});

it('a part is not announced before the result of the part before it is stored', async () => {
  const { post, store, story } = createBed();
  const message = held('a', 2);
  const first = post(message).then(() => story.push('next'));
  await settled();
  expect(story).toEqual(['announce a 1', 'call a 1', 'record a 1']);
  store();
  await first;
  expect(story.at(-1)).toBe('next');
});
