import { expect, it } from 'vitest';
import { createRefusals } from './refusals.ts';

function createBed() {
  let nowMs = 0;
  const lost: number[] = [];
  const refusals = createRefusals(() => nowMs);
  return {
    lost,
    open: () => refusals(() => lost.push(nowMs)),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

it('ends a channel on which all is refused for seconds, once, and the next one later', () => {
  const { lost, open, pass } = createBed();
  for (let channel = 0; channel < 3; channel += 1) {
    const answers = open();
    for (let second = 0; second <= 60; second += 1) {
      answers.refused();
      pass(1_000);
    }
  }
  expect(lost).toEqual([2_000, 61_000 + 4_000, 122_000 + 8_000]);
});

it('leaves one alone that has had a confirm, and is as quick as at first afterwards', () => {
  const { lost, open, pass } = createBed();
  const first = open();
  first.refused();
  pass(3_000);
  first.refused();
  const second = open();
  second.refused();
  second.confirmed();
  pass(600_000);
  second.refused();
  expect(lost).toEqual([3_000]);
  const third = open();
  third.refused();
  pass(3_000);
  third.refused();
  expect(lost).toHaveLength(2);
});
