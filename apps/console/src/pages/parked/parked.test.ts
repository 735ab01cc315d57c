import { expect, it } from 'vitest';
import { createChoice, refOf } from './parked.ts';

const QUEUE = 'relay.parked';
const message = (id: string, copy: number, words: string) => ({ id, copy, content: Buffer.from(words) });

it('means a message by its id, its place and its content', () => {
  const [first, second] = [message('same', 1, 'one'), message('same', 2, 'two')];
  expect(refOf(QUEUE, first)).toEqual({ queue: QUEUE, name: 'same#1#7692c3ad' });
  const choice = createChoice([refOf(QUEUE, second)]);
  expect([choice.judge(QUEUE, first), choice.judge(QUEUE, second)]).toEqual([false, true]);
  expect(choice.missing).toEqual([]);
});

it('takes no other message that has come into its place', () => {
  const choice = createChoice([refOf(QUEUE, message('same', 1, 'one'))]);
  expect(choice.judge(QUEUE, message('same', 1, 'two'))).toContain('another message stands in its place');
  expect(choice.judge(QUEUE, message('same', 2, 'three'))).toBe(false);
});

it('says which is there no more', () => {
  const choice = createChoice([refOf(QUEUE, message('gone', 1, 'x'))]);
  expect(choice.judge(QUEUE, message('other', 1, 'x'))).toBe(false);
  expect(choice.missing).toEqual(['gone#1']);
});
