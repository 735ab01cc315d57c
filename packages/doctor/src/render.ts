import { styleText } from 'node:util';
import type { CheckResult, Finding, Status } from './types.ts';

const WORDS: Readonly<Record<Status, string>> = {
  ok: 'ok',
  warning: 'warning',
  fault: 'FAULT',
  skipped: 'not checked',
};
const COLOURS = { ok: 'green', warning: 'yellow', fault: 'red', skipped: 'gray' } as const;
const STATUS_WIDTH = 12;
const CHECK_WIDTH = 15;

/** The lines of one check: status, check, what is so; below it what to do. */
export function renderResult({ check, findings }: CheckResult, withColours: boolean): string {
  return findings
    .map((finding) => {
      const word = WORDS[finding.status].padEnd(STATUS_WIDTH);
      const status = withColours ? styleText(COLOURS[finding.status], word, { validateStream: false }) : word;
      const about = finding.about === '' ? '' : `${oneLine(finding.about)}: `;
      const fix = finding.fix === undefined ? '' : `${' '.repeat(STATUS_WIDTH)}→ ${oneLine(finding.fix)}\n`;
      return `${status}${check.padEnd(CHECK_WIDTH)} ${about}${oneLine(finding.text)}\n${fix}`;
    })
    .join('');
}

/** The last line. */
export function renderSummary(results: readonly CheckResult[]): string {
  const faults = count(results, 'fault');
  const warnings = count(results, 'warning');
  const skipped = count(results, 'skipped');
  const parts = [
    faults === 0 ? 'nothing is wrong' : plural(faults, 'fault'),
    ...(warnings === 0 ? [] : [plural(warnings, 'warning')]),
    ...(skipped === 0 ? [] : [`${skipped} not checked`]),
  ];
  return `\n${parts.join(', ')}\n`;
}

/** All of it for programs. */
export function renderJson(results: readonly CheckResult[]): string {
  const findings = results.flatMap(({ check, findings: found }) =>
    found.map((finding) => ({ check, ...finding })),
  );
  return `${JSON.stringify({ faults: count(results, 'fault'), warnings: count(results, 'warning'), findings }, null, 2)}\n`;
}

/** 1 when there is a fault. */
export function exitCodeOf(results: readonly CheckResult[]): 0 | 1 {
  return count(results, 'fault') === 0 ? 0 : 1;
}

/** Applies `redact` to every word of a result. */
export function redactResult(result: CheckResult, redact: (text: string) => string): CheckResult {
  const clean = (finding: Finding): Finding => ({
    ...finding,
    about: redact(finding.about),
    text: redact(finding.text),
    ...(finding.fix === undefined ? {} : { fix: redact(finding.fix) }),
  });
  return { ...result, findings: result.findings.map(clean) };
}

function count(results: readonly CheckResult[], status: Status): number {
  return results.flatMap(({ findings }) => findings).filter((finding) => finding.status === status).length;
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** A server's words are anybody's; a terminal must not act on them. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
