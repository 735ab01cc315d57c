import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '@wbor/command-line';
import { docker, findCompose } from './engine.ts';
import { measureImages } from './images.ts';
import { COMPOSE_USAGE, type ComposeOptions, parseComposeOptions } from './options.ts';
import { runProfile } from './run-profile.ts';

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: ComposeOptions): Promise<number> {
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
    return await runProfiles(options, folder, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runProfiles(options: ComposeOptions, folder: string, signal: AbortSignal): Promise<number> {
  const { build, profiles } = options;
  const { command, version } = await findCompose();
  tell(
    `${command.join(' ')} ${version}, engine ${await docker('version', '--format', '{{.Server.Version}}')}`,
  );
  const failures: string[] = [];
  for (const profile of profiles) {
    tell(`${profile}: ${build ? 'building and ' : ''}starting`);
    const keep = options.keep && profile === profiles.at(-1);
    failures.push(...(await runProfile(profile, { folder, keep, build, signal, onProgress: tell })));
  }
  const images = await measureImages();
  for (const line of images.lines) tell(line);
  failures.push(...images.failures);
  for (const failure of failures) tell(`FAILED: ${failure}`);
  tell(failures.length === 0 ? 'passed' : `failed: ${failures.length}`);
  return failures.length === 0 ? 0 : 1;
}

// What was interrupted may still be waiting for something.
process.exit(
  await runCommandLine({ name: 'compose:test', usage: COMPOSE_USAGE, parse: parseComposeOptions, run }),
);
