import { expect, it } from 'vitest';
import { createTaskTracker } from './task-tracker.ts';

it('waits for every task, failed ones and those that begin meanwhile', async () => {
  const tracker = createTaskTracker();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const tracked = tracker.track(first.promise);
  tracked.catch(() => void tracker.track(second.promise));
  const drained = tracker.drain(60_000);
  first.reject(new Error('a fault of the task'));
  await expect(tracked).rejects.toThrow('a fault of the task');
  expect(tracker.size).toBe(1);
  second.resolve('done');
  expect(await drained).toBe(true);
  expect(tracker.size).toBe(0);
});

it('gives up on what takes too long', async () => {
  const tracker = createTaskTracker();
  void tracker.track(new Promise(() => {}));
  expect(await tracker.drain(10)).toBe(false);
  expect(tracker.size).toBe(1);
});
