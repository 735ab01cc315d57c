import { runCommandLine } from '@wbor/command-line';
import { addCounts, describeCounts, NO_COUNTS } from './counts.ts';
import { CHECK_USAGE, type CheckOptions, parseCheckOptions } from './options.ts';
import { runStep } from './run-step.ts';

async function run(options: CheckOptions): Promise<number> {
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
  if (interrupted) return 130;
  return total.failed > 0 || foundNothing ? 1 : 0;
}

// Not by itself: the same leftovers would keep us alive.
process.exit(await runCommandLine({ name: 'npm test', usage: CHECK_USAGE, parse: parseCheckOptions, run }));
