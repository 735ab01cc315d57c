import { messageOf } from '@wbor/testkit';
import { addCounts, describeCounts, NO_COUNTS } from './counts.ts';
import { CHECK_USAGE, type CheckOptions, parseCheckOptions } from './options.ts';
import { runStep } from './run-step.ts';

function readOptions(): CheckOptions {
  try {
    return parseCheckOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${CHECK_USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(CHECK_USAGE);
  process.exit(0);
}

// The steps are in our process group and get the same signal: the running one ends, the rest are not begun.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(130);
    interrupted = true;
  });
}

const paint = (code: number, text: string) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text;

let total = NO_COUNTS;
const failedSteps: string[] = [];
const startedAt = performance.now();
for (const step of options.steps) {
  process.stdout.write(`${step.padEnd(11)} … `);
  const stepStartedAt = performance.now();
  const { ok, counts, output } = await runStep(step, options);
  if (interrupted) break;
  total = addCounts(total, counts);
  const seconds = ((performance.now() - stepStartedAt) / 1000).toFixed(1);
  const detail = step === 'unit' || step === 'integration' ? `, ${describeCounts(counts)}` : '';
  process.stdout.write(`${ok ? paint(32, 'ok') : paint(31, 'FAILED')} ${seconds} s${detail}\n`);
  if (ok) continue;
  failedSteps.push(step);
  process.stdout.write(
    `${paint(31, `──── ${step}`)}\n${output.trimEnd()}\n${paint(31, `──── end of ${step}`)}\n`,
  );
}

// A filter that is misspelt must not look like success.
const foundNothing = !interrupted && total.passed + total.failed === 0;
if (interrupted) process.stdout.write('\ninterrupted\n');
if (foundNothing) process.stdout.write('No test matches.\n');
if (failedSteps.length > 0) process.stdout.write(`Failed: ${failedSteps.join(', ')}\n`);
process.stdout.write(
  `${((performance.now() - startedAt) / 1000).toFixed(1)} s in all\n${describeCounts(total)}\n`,
);
// Not by itself: the same leftovers would keep us alive.
process.exit(interrupted ? 130 : total.failed > 0 || foundNothing ? 1 : 0);
