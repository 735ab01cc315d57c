import { describe, expect, test } from 'vitest';
import { median, percentile, spreadOf } from './statistics.ts';

describe('percentile', () => {
  test('is the value of the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(100);
    expect(percentile(values, 0)).toBe(1);
  });

  test('of few values is one of them', () => {
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([3, 1, 2], 0.99)).toBe(3);
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
  });

  test('orders numbers as numbers', () => {
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });
});

describe('median', () => {
  test('is the middle value, or the mean of the two in the middle', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([8])).toBe(8);
  });

  test('is moved by no outlier', () => {
    expect(median([2, 1, 1_000_000])).toBe(2);
  });
});

test('of nothing there is no figure', () => {
  expect(median([])).toBeNaN();
  expect(percentile([], 0.5)).toBeNaN();
});

test('the spread names median, least and most', () => {
  expect(spreadOf([3, 1, 8])).toEqual({ median: 3, least: 1, most: 8 });
});

test('values stay in their order', () => {
  const values = [3, 1, 2];
  spreadOf(values);
  percentile(values, 0.5);
  expect(values).toEqual([3, 1, 2]);
});
