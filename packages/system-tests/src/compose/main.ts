import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@wbor/testkit';
import { docker, findCompose } from './engine.ts';
import { measureImages } from './images.ts';
import { COMPOSE_USAGE, type ComposeOptions, parseComposeOptions } from './options.ts';
import { runProfile } from './run-profile.ts';

function readOptions(): ComposeOptions {
  try {
    return parseComposeOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${COMPOSE_USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(COMPOSE_USAGE);
  process.exit(0);
}
const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
    tell('stopping …');
  });
}

const folder = await mkdtemp(join(tmpdir(), 'wbor-compose-'));
try {
  const { command, version } = await findCompose();
  tell(
    `${command.join(' ')} ${version}, engine ${await docker('version', '--format', '{{.Server.Version}}')}`,
  );
  const failures: string[] = [];
  for (const profile of options.profiles) {
    tell(`${profile}: ${options.build ? 'building and ' : ''}starting`);
    const keep = options.keep && profile === options.profiles.at(-1);
    failures.push(
      ...(await runProfile(profile, {
        folder,
        keep,
        build: options.build,
        signal: interrupted.signal,
        onProgress: tell,
      })),
    );
  }
  const images = await measureImages();
  for (const line of images.lines) tell(line);
  failures.push(...images.failures);
  for (const failure of failures) tell(`FAILED: ${failure}`);
  tell(failures.length === 0 ? 'passed' : `failed: ${failures.length}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) tell(messageOf(error));
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
// What was interrupted may still be waiting for something.
process.exit();
