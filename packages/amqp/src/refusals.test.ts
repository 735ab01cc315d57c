import { expect, it } from 'vitest';
import { createRefusals } from './refusals.ts';

function createBed() {
  let nowMs = 0;
  const lost: number[] = [];
  const lines: string[] = [];
  const log = (_fields: object, text: string): void => void lines.push(text);
  const refusals = createRefusals('some channel', { warn: log, info: log }, () => nowMs);
  return {
    lost,
    lines,
    reason: () => refusals.reason,
    open: () => refusals.watch(() => lost.push(nowMs)),
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

it('is as quick as at first after a confirm', () => {
  const { lost, open, pass } = createBed();
  const first = open();
  first.refused();
  pass(3_000);
  first.refused();
  open().confirmed();
  const third = open();
  third.refused();
  pass(3_000);
  third.refused();
  expect(lost).toEqual([3_000, 6_000]);
});

it('has more patience with a channel that has had a confirm, and none is refused for long', () => {
  const { lost, open, pass } = createBed();
  const answers = open();
  answers.confirmed();
  pass(600_000);
  for (let second = 0; second <= 14; second += 1) {
    answers.refused();
    pass(1_000);
  }
  answers.confirmed();
  pass(1_000);
  answers.refused();
  expect(lost).toEqual([]);
  pass(15_000);
  answers.refused();
  expect(lost).toEqual([631_000]);
});

it('says once, and as long as it is tried, that nothing gets through', () => {
  const { lines, open, pass, reason } = createBed();
  const answers = open();
  answers.unanswered();
  pass(4_000);
  answers.refused();
  expect(reason()).toBeUndefined();
  pass(4_000);
  answers.refused();
  answers.refused();
  expect(reason()).toBe('the broker has taken nothing that was published for 8 s');
  expect(lines).toEqual(['the broker takes nothing that is published; it is tried again and again']);
  pass(21_000);
  expect(reason()).toBeUndefined();
  answers.confirmed();
  expect(lines.at(-1)).toBe('the broker takes what is published again');
});
