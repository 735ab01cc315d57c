import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createViewers, MAX_STREAM_MS } from './viewers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FIRST = { name: 'list', data: '<li>one</li>\n<li>two</li>' };

function open(mayStay: () => Promise<boolean> = async () => true) {
  // Full at once, as long as nobody reads.
  const stream = new PassThrough({ highWaterMark: 1 });
  return { stream, response: stream as unknown as ServerResponse, mayStay };
}

it('gives the whole first, line by line, then each change', () => {
  const viewers = createViewers();
  const { mayStay, response, stream } = open();
  viewers.add(response, FIRST, mayStay);
  viewers.tell({ name: 'change', data: 'x' });
  expect(String(stream.read())).toBe(
    'retry: 1000\n\nevent: list\ndata: <li>one</li>\ndata: <li>two</li>\n\nevent: change\ndata: x\n\n',
  );
});

it.each([
  ['may not', async () => false],
  ['cannot be asked for', () => Promise.reject(new Error('by the test'))],
])('ends for one who %s any more, and for nobody else', async (_what, mayStay) => {
  const viewers = createViewers();
  const [one, other] = [open(mayStay), open()];
  viewers.add(one.response, FIRST, one.mayStay);
  viewers.add(other.response, FIRST, other.mayStay);
  one.stream.resume();
  await vi.advanceTimersByTimeAsync(16_000);
  expect([one.stream.writableEnded, other.stream.writableEnded]).toEqual([true, false]);
});

it('cuts off who does not read, and forgets who has gone', async () => {
  const viewers = createViewers();
  const { mayStay, response, stream } = open();
  viewers.add(response, FIRST, mayStay);
  for (let count = 0; count < 3; count += 1) viewers.tell({ name: 'change', data: 'x'.repeat(600_000) });
  expect(stream.destroyed).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(viewers.count).toBe(0);
});

it('writes nothing more to one who may not stay and does not read', async () => {
  const viewers = createViewers();
  const { mayStay, response, stream } = open(async () => false);
  viewers.add(response, FIRST, mayStay);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([viewers.count, stream.destroyed]).toEqual([0, true]);
  // Each would be an error that nobody listens to.
  viewers.tell(FIRST);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(stream.errored).toBeNull();
});

it('lives on when a connection breaks', async () => {
  const viewers = createViewers();
  const { mayStay, response, stream } = open();
  viewers.add(response, FIRST, mayStay);
  stream.destroy(new Error('reset, by the test'));
  viewers.tell(FIRST);
  await vi.advanceTimersByTimeAsync(1);
  expect(viewers.count).toBe(0);
});

it('ends each after a while, so that its browser asks anew', async () => {
  const viewers = createViewers();
  const { mayStay, response, stream } = open();
  viewers.add(response, FIRST, mayStay);
  stream.resume();
  await vi.advanceTimersByTimeAsync(MAX_STREAM_MS - 16_000);
  expect(stream.writableEnded).toBe(false);
  await vi.advanceTimersByTimeAsync(31_000);
  expect([viewers.count, stream.writableEnded]).toEqual([0, true]);
});
