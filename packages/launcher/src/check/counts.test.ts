import { describe, expect, test } from 'vitest';
import { addCounts, countReport, describeCounts } from './counts.ts';

function file(status: string, ...tests: string[]) {
  return { status, assertionResults: tests.map((testStatus) => ({ status: testStatus })) };
}

describe('countReport', () => {
  test('counts tests over all files', () => {
    const report = {
      testResults: [
        file('passed', 'passed', 'passed', 'skipped'),
        file('failed', 'failed', 'passed', 'todo'),
      ],
    };
    expect(countReport(report)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  test('counts a file that failed without a failing test once', () => {
    expect(countReport({ testResults: [file('failed'), file('failed', 'skipped')] })).toEqual({
      passed: 0,
      failed: 2,
      skipped: 1,
    });
  });

  test('counts nothing in what is no report', () => {
    for (const value of [undefined, null, 'x', {}, { testResults: 'x' }]) {
      expect(countReport(value)).toEqual({ passed: 0, failed: 0, skipped: 0 });
    }
  });
});

describe('describeCounts', () => {
  test('names skipped tests only when there are some', () => {
    expect(describeCounts({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    const sum = addCounts({ passed: 1, failed: 2, skipped: 0 }, { passed: 10, failed: 20, skipped: 3 });
    expect(describeCounts(sum)).toBe('11 passed, 22 failed, 3 skipped');
  });
});
