import { expect, it } from 'vitest';
import { freshAnswer } from './fresh-answer.ts';

/** Answers that take so long each. */
function answers(...takeMs: number[]) {
  let clockMs = 0;
  let asked = 0;
  const ask = async () => {
    clockMs += takeMs[asked] ?? 0;
    asked += 1;
  };
  return { ask, nowMs: () => clockMs, asked: () => asked };
}

it('asks once when the answer comes soon', async () => {
  const { ask, asked, nowMs } = answers(3_000);
  await freshAnswer(ask, nowMs);
  expect(asked()).toBe(1);
});

it('asks again for as long as the answer is so old that all may have changed since', async () => {
  const { ask, asked, nowMs } = answers(4_001, 60_000, 1);
  await freshAnswer(ask, nowMs);
  expect(asked()).toBe(3);
});

it('ends when asking fails', async () => {
  const refuse = () => Promise.reject(new Error('the channel is gone'));
  await expect(freshAnswer(refuse)).rejects.toThrow('the channel is gone');
});
