import { messageOf } from '@wbor/testkit';
import { CHAOS_USAGE, type ChaosOptions, parseChaosOptions } from './options.ts';
import { describeSchedule, reportLines } from './report.ts';
import { runChaos } from './run-chaos.ts';
import { buildSchedule } from './schedule.ts';

function readOptions(): ChaosOptions {
  try {
    return parseChaosOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${CHAOS_USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(CHAOS_USAGE);
  process.exit(0);
}
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
try {
  const result = await runChaos({ ...options, signal: interrupted.signal, onProgress: tell });
  if (result === undefined) process.exit(130);
  for (const line of reportLines(result, options.seed, options.minutes)) tell(line);
  if (options.json) {
    const { verdict, facts, logsFolder } = result;
    const { memory, exits } = facts;
    process.stdout.write(
      `${JSON.stringify({ seed: options.seed, minutes: options.minutes, messages: facts.messages.length, posts: facts.chat.length, ...verdict, memory, exits, logsFolder })}\n`,
    );
  }
  process.exit(result.verdict.failures.length === 0 ? 0 : 1);
} catch (error) {
  tell(messageOf(error));
  process.exit(1);
}
