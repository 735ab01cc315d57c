import { expect, it } from 'vitest';
import { exitCodeOf, redactResult, renderJson, renderResult, renderSummary } from './render.ts';
import { type CheckResult, fault, ok, skipped, warning } from './types.ts';

const well: CheckResult = { check: 'broker', findings: [ok('relay', 'answers')] };
const ill: CheckResult = {
  check: 'queues',
  findings: [
    fault('relay.twilio', 'is not there', 'start the relay'),
    warning('', 'is old', 'use a newer one'),
    skipped('gateway', 'no connection'),
  ],
};

it('shows a line for each finding, and below it what to do', () => {
  expect(renderResult(well, false) + renderResult(ill, false)).toBe(
    [
      'ok          broker          relay: answers',
      'FAULT       queues          relay.twilio: is not there',
      '            → start the relay',
      'warning     queues          is old',
      '            → use a newer one',
      'not checked queues          gateway: no connection',
      '',
    ].join('\n'),
  );
});

it('uses colours only when asked', () => {
  expect(renderResult(ill, true)).toContain('\u001b[31mFAULT');
  expect(renderResult(ill, false)).not.toContain('\u001b');
});

it('lets no server write to the terminal', () => {
  const odd = fault('a\u001b[2J', 'b\nFAULT \u202e', 'c\r');
  expect(renderResult({ check: 'broker', findings: [odd] }, false)).toBe(
    'FAULT       broker          a [2J: b FAULT\n            → c\n',
  );
});

it('counts at the end', () => {
  expect(renderSummary([well])).toBe('\nnothing is wrong\n');
  expect(renderSummary([well, ill])).toBe('\n1 fault, 1 warning, 1 not checked\n');
});

it('has a form for programs', () => {
  expect(JSON.parse(renderJson([well, ill]))).toEqual({
    faults: 1,
    warnings: 1,
    findings: [
      { check: 'broker', status: 'ok', about: 'relay', text: 'answers' },
      {
        check: 'queues',
        status: 'fault',
        about: 'relay.twilio',
        text: 'is not there',
        fix: 'start the relay',
      },
      { check: 'queues', status: 'warning', about: '', text: 'is old', fix: 'use a newer one' },
      { check: 'queues', status: 'skipped', about: 'gateway', text: 'no connection' },
    ],
  });
});

it('exits with 1 for a fault, and for nothing less', () => {
  expect(exitCodeOf([well])).toBe(0);
  expect(exitCodeOf([{ ...ill, findings: ill.findings.slice(1) }])).toBe(0);
  expect(exitCodeOf([well, ill])).toBe(1);
});

it('redacts every word', () => {
  const found = fault('at hush', 'says hush', 'change hush');
  const redacted = redactResult({ check: 'broker', findings: [found] }, (text) =>
    text.replaceAll('hush', '…'),
  );
  expect(redacted.findings).toEqual([fault('at …', 'says …', 'change …')]);
});
