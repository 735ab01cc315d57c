import { repoRoot, runCommand } from '@wbor/testkit';

/** Images are built from nothing, packages included. */
const COMMAND_TIMEOUT_MS = 15 * 60_000;

export type Environment = Readonly<Record<string, string>>;

/** Runs docker, and gives what it writes. @throws TestkitError `COMMAND_FAILED` */
export async function docker(...args: string[]): Promise<string> {
  return (await runCommand('docker', args, { timeoutMs: COMMAND_TIMEOUT_MS })).trim();
}

export type Compose = (...args: string[]) => Promise<string>;

/** How compose is called here. @throws TestkitError `COMMAND_FAILED` when there is none. */
export async function findCompose(): Promise<{ command: readonly string[]; version: string }> {
  try {
    return { command: ['docker', 'compose'], version: await docker('compose', 'version', '--short') };
  } catch {
    const version = await runCommand('docker-compose', ['version', '--short']);
    return { command: ['docker-compose'], version: version.trim() };
  }
}

/** Compose with a file of settings; `env` wins over it. */
export function createCompose(options: {
  readonly command: readonly string[];
  readonly envFile: string;
  readonly env: Environment;
  readonly profile: string | undefined;
}): Compose {
  const [file = 'docker', ...words] = options.command;
  const profile = options.profile === undefined ? [] : ['--profile', options.profile];
  return async (...args) => {
    const output = await runCommand(file, [...words, '--env-file', options.envFile, ...profile, ...args], {
      cwd: repoRoot,
      env: { ...process.env, ...options.env },
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
    return output.trim();
  };
}
