import { expect, it } from 'vitest';
import type { Lane } from '../outbox.ts';
import { createTurns } from './turns.ts';

const forever = new AbortController().signal;

it('gives one turn at a time, urgent ones first, each lane in its order', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const take = (lane: Lane, name: string) => turns.take(lane, forever).then(() => order.push(name));
  await take('normal', 'first');
  const rest = [take('normal', 'n1'), take('normal', 'n2'), take('urgent', 'u1'), take('urgent', 'u2')];
  expect(turns.urgentWaits).toBe(true);
  expect(order).toEqual(['first']);
  for (let count = 0; count < 5; count += 1) {
    turns.release();
    await new Promise(setImmediate);
  }
  await Promise.all(rest);
  expect(order).toEqual(['first', 'u1', 'u2', 'n1', 'n2']);
  expect(turns.urgentWaits).toBe(false);
  await take('normal', 'after all');
});

it('tells a waiter that an urgent message has arrived, and lets go of it when it gives up', async () => {
  const turns = createTurns();
  await turns.take('normal', forever);
  const arrived = turns.urgentArrives(forever);
  const turn = turns.take('urgent', forever);
  await arrived;
  turns.release();
  await turn;
  const gone = new AbortController();
  const never = turns.urgentArrives(gone.signal);
  gone.abort();
  await never;
  expect(turns.urgentWaits).toBe(false);
});

it('is not given to one who has stopped waiting', async () => {
  const turns = createTurns();
  await turns.take('normal', forever);
  const gone = new AbortController();
  const given = turns.take('urgent', gone.signal);
  const next = turns.take('normal', forever);
  gone.abort();
  expect(await given).toBe(false);
  expect(turns.urgentWaits).toBe(false);
  turns.release();
  expect(await next).toBe(true);
});
