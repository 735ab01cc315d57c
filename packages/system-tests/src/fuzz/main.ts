import { messageOf } from '@wbor/testkit';
import { FUZZ_USAGE, type FuzzOptions, parseFuzzOptions } from './options.ts';
import { reportLines } from './report.ts';
import { runFuzz } from './run-fuzz.ts';

function readOptions(): FuzzOptions {
  try {
    return parseFuzzOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${FUZZ_USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(FUZZ_USAGE);
  process.exit(0);
}
const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
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
try {
  const { minutes, seed, only, keepFolder } = options;
  const result = await runFuzz({
    minutes,
    seed,
    ...(only === undefined ? {} : { only }),
    keepFolder,
    signal: interrupted.signal,
    onProgress: tell,
  });
  if (result === undefined) process.exit(130);
  for (const line of reportLines(result, seed)) tell(line);
  process.exit(result.judgement.failures.length === 0 ? 0 : 1);
} catch (error) {
  tell(messageOf(error));
  process.exit(1);
}
