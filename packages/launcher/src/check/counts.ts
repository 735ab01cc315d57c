/** How many tests, or checks, ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NO_COUNTS: Counts = { passed: 0, failed: 0, skipped: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The last line of a run: `N passed, N failed`, and what was skipped if anything was. */
export function describeCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/**
 * Counts a JSON report of vitest. A file that failed without a failing test in it (it did not load, or a hook of it
 * threw) is one failure.
 */
export function countReport(report: unknown): Counts {
  let counts = NO_COUNTS;
  for (const file of listAt(report, 'testResults')) {
    const statuses = listAt(file, 'assertionResults').map((result) => textAt(result, 'status'));
    const failed = statuses.filter((status) => status === 'failed').length;
    const passed = statuses.filter((status) => status === 'passed').length;
    counts = addCounts(counts, {
      passed,
      failed: failed === 0 && textAt(file, 'status') === 'failed' ? 1 : failed,
      skipped: statuses.length - failed - passed,
    });
  }
  return counts;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = fieldOf(value, key);
  return Array.isArray(found) ? found : [];
}

function textAt(value: unknown, key: string): string {
  const found = fieldOf(value, key);
  return typeof found === 'string' ? found : '';
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
