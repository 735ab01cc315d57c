import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createViewers } from './viewers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FIRST = { name: 'list', data: '<li>one</li>\n<li>two</li>' };

function open(mayStay: () => Promise<boolean> = async () => true) {
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
