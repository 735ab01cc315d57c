import { expect, it } from 'vitest';
import { readPromql } from './promql.ts';

it.each([
  ['max by (job) (wbor_ready) == 0', ['wbor_ready'], ['job']],
  [
    'histogram_quantile(0.9, sum by (le, outcome) (rate(a_seconds_bucket{status=~"5..", b!="c"}[15m]))) > 60',
    ['a_seconds'],
    ['b', 'le', 'outcome', 'status'],
  ],
  ['absent(up{job="relay"}) or on (job) c_total unless d', ['c_total', 'd', 'up'], ['job']],
  ['sum(rate(e_total[$__rate_interval])) * 60', ['e_total'], []],
])('%s', (expression, metrics, labels) => {
  expect(readPromql(expression)).toEqual({ metrics, labels });
});
