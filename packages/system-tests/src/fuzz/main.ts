import { runCommandLine } from '@wbor/command-line';
import { FUZZ_USAGE, type FuzzOptions, parseFuzzOptions } from './options.ts';
import { reportLines } from './report.ts';
import { runFuzz } from './run-fuzz.ts';

async function run(options: FuzzOptions): Promise<number> {
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
  const { minutes, seed, only, keepFolder } = options;
  const result = await runFuzz({
    minutes,
    seed,
    ...(only === undefined ? {} : { only }),
    keepFolder,
    signal: interrupted.signal,
    onProgress: tell,
  });
  if (result === undefined) return 130;
  for (const line of reportLines(result, seed)) tell(line);
  return result.judgement.failures.length === 0 ? 0 : 1;
}

// What hangs is not waited for.
process.exit(await runCommandLine({ name: 'fuzz', usage: FUZZ_USAGE, parse: parseFuzzOptions, run }));
