import { runCommandLine } from '@wbor/command-line';
import { CHAOS_USAGE, type ChaosOptions, parseChaosOptions } from './options.ts';
import { describeSchedule, reportLines } from './report.ts';
import { runChaos } from './run-chaos.ts';
import { buildSchedule } from './schedule.ts';

async function run(options: ChaosOptions): Promise<number> {
  // With --json, stdout is for the result alone.
  const tell = (line: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  };

  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // What was started ends with us, however we end.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
      tell('stopping …');
    });
  }

  tell(`seed ${options.seed}, ${options.minutes} min`);
  for (const line of describeSchedule(buildSchedule(options))) tell(line);
  const result = await runChaos({ ...options, signal: interrupted.signal, onProgress: tell });
  if (result === undefined) return 130;
  for (const line of reportLines(result, options.seed, options.minutes)) tell(line);
  if (options.json) {
    const { verdict, facts, logsFolder } = result;
    const { memory, exits } = facts;
    process.stdout.write(
      `${JSON.stringify({ seed: options.seed, minutes: options.minutes, messages: facts.messages.length, posts: facts.chat.length, ...verdict, memory, exits, logsFolder })}\n`,
    );
  }
  return result.verdict.failures.length === 0 ? 0 : 1;
}

// What hangs is not waited for.
process.exit(await runCommandLine({ name: 'chaos', usage: CHAOS_USAGE, parse: parseChaosOptions, run }));
