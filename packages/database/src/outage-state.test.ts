import { createTestServiceContext } from '@wbor/service/testing';
import { expect, it } from 'vitest';
import { createOutageState } from './outage-state.ts';

it('lasts from the first failure to the first success, and logs both ends alone', () => {
  const { context, lines } = createTestServiceContext();
  let nowMs = 1_000;
  const outage = createOutageState({
    symptom: 'Postgres takes nothing',
    logLine: 'Postgres takes nothing; work waits',
    logger: context.logger,
    now: () => nowMs,
  });
  outage.worked();
  expect([outage.reason, outage.downForMs()]).toEqual([undefined, 0]);

  outage.failed(new Error('the first'));
  nowMs += 250;
  outage.failed(new Error('the second'));
  expect([outage.reason, outage.downForMs()]).toEqual(['Postgres takes nothing: the second', 250]);

  outage.worked();
  outage.worked();
  expect([outage.reason, outage.downForMs()]).toEqual([undefined, 0]);
  expect(lines).toMatchObject([
    { level: 'warn', msg: 'Postgres takes nothing; work waits', reason: 'the first' },
    { level: 'info', msg: 'Postgres answers again', down_ms: 250 },
  ]);
});
