import { expect, it } from 'vitest';
import { examine } from './examine.ts';
import { createPatient } from './patient.ts';
import { type Check, type CheckResult, fault, ok } from './types.ts';

const check = (name: string, run: Check['run']): Check => ({ name, summary: name, run });

async function resultsOf(...checks: Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for await (const result of examine(createPatient(new Map()), checks, { timeoutMs: 50 }))
    results.push(result);
  return results;
}

it('a check that throws or hangs hides no other result, and the order stays', async () => {
  const results = await resultsOf(
    check('hangs', () => new Promise(() => {})),
    check('throws', () => Promise.reject(new Error('odd'))),
    check('throws at once', () => {
      throw Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    }),
    check('works', async () => [ok('a', 'b')]),
  );
  expect(results.map(({ check: name, findings }) => [name, ...findings.map(({ text }) => text)])).toEqual([
    ['hangs', 'no result within 0 s'],
    ['throws', 'this check failed: odd'],
    ['throws at once', 'this check failed: ECONNREFUSED'],
    ['works', 'b'],
  ]);
});

it('a result is there before those behind it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const results = examine(createPatient(new Map()), [
    check('first', async () => [ok('', 'at once')]),
    check('second', async () => {
      await promise;
      return [fault('', 'later', 'wait')];
    }),
  ]);
  expect((await results.next()).value).toMatchObject({ check: 'first' });
  resolve();
  expect((await results.next()).value).toMatchObject({ check: 'second' });
});
