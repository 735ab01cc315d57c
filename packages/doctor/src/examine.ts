import { describeError } from './describe-error.ts';
import type { Patient } from './patient.ts';
import { type Check, type CheckResult, type Finding, fault } from './types.ts';

const DEFAULT_TIMEOUT_MS = 15_000;

/**
 * Runs the checks side by side and gives their results in the order of the list, each as soon as it and those before it are
 * there. A check that throws or takes too long is a fault of its own.
 */
export async function* examine(
  patient: Patient,
  checks: readonly Check[],
  options: { readonly timeoutMs?: number } = {},
): AsyncGenerator<CheckResult> {
  const running = checks.map((check) => runCheck(check, patient, options.timeoutMs));
  for (const result of running) yield await result;
}

async function runCheck(check: Check, patient: Patient, timeoutMs?: number): Promise<CheckResult> {
  const limitMs = timeoutMs ?? check.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const { promise: timeUp, resolve } = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(() => {
    resolve([
      fault(
        '',
        `no result within ${Math.round(limitMs / 1000)} s`,
        'run it again; if it stays so, what it looks at takes connections and does not answer: look at the network and at that server',
      ),
    ]);
  }, limitMs);
  try {
    return { check: check.name, findings: await Promise.race([start(check, patient), timeUp]) };
  } finally {
    clearTimeout(timer);
  }
}

async function start(check: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await check.run(patient);
  } catch (error) {
    return [
      fault(
        '',
        `this check failed: ${describeError(error)}`,
        'what it looks at is in an unforeseen state; look at it by hand',
      ),
    ];
  }
}
