import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { lastingPort, repoRoot, runCommand } from '@wbor/testkit';
import { docker, type Environment } from './engine.ts';
import type { Profile } from './options.ts';

export interface Settings {
  readonly envFile: string;
  /** What the file says. */
  readonly values: Environment;
  /** What differs from the file, so that nothing else on this machine is in the way. */
  readonly env: Environment;
  readonly ports: {
    readonly gateway: number;
    readonly broker: number;
    readonly simulator: number;
    readonly console: number;
  };
}

const DEMO_FILE = join(repoRoot, 'docker/demo.env');
/** Of the simulator, as docker/demo.env has them: what somebody with a bot of GroupMe fills in. */
const FILLED_IN = [
  'GROUPME_BOT_ID',
  'GROUPME_GROUP_ID',
  'GROUPME_ACCESS_TOKEN',
  'GROUPME_API_URL',
  'GROUPME_IMAGE_URL',
  'GROUPME_CALLBACK_SECRET',
  'APP_PASSWORD',
  'CONSOLE_PASSWORD',
] as const;

/** The settings of a profile: docker/demo.env as it stands, or an .env made as README.md says. */
export async function prepareSettings(profile: Profile, folder: string): Promise<Settings> {
  const envFile = profile === 'demo' ? DEMO_FILE : await writeEnvFile(join(folder, '.env'));
  const ports = {
    gateway: await lastingPort(),
    broker: await lastingPort(),
    simulator: await lastingPort(),
    console: await lastingPort(),
  };
  const uid = await docker('run', '--rm', '--entrypoint', 'id', await brokerImage(), '-u', 'rabbitmq');
  return {
    envFile,
    values: parse(await readFile(envFile, 'utf8')),
    ports,
    env: {
      COMPOSE_PROJECT_NAME: `wbor-compose-test-${profile}`,
      GATEWAY_PUBLISH: `127.0.0.1:${ports.gateway}`,
      RABBITMQ_PUBLISH: `127.0.0.1:${ports.broker}`,
      CONSOLE_PUBLISH: `127.0.0.1:${ports.console}`,
      SIMULATOR_PUBLISH: `127.0.0.1:${ports.simulator}`,
      RABBITMQ_UID: uid,
      // The simulator bears all of it at once.
      GROUPME_RATE_PER_SECOND: '0',
    },
  };
}

async function writeEnvFile(path: string): Promise<string> {
  const demo = parse(await readFile(DEMO_FILE, 'utf8'));
  const filledIn = new Map<string, string>(FILLED_IN.map((name) => [name, demo[name] ?? '']));
  for (const name of ['RABBITMQ_PASS', 'POSTGRES_PASSWORD']) {
    filledIn.set(name, randomBytes(16).toString('hex'));
  }
  const example = await readFile(join(repoRoot, '.env.example'), 'utf8');
  const text = [...filledIn].reduce(
    (whole, [name, value]) => whole.replace(new RegExp(`^(# )?${name}=.*$`, 'm'), `${name}=${value}`),
    example,
  );
  await writeFile(path, text, { mode: 0o600 });
  await runCommand(process.execPath, [join(repoRoot, 'packages/rights/src/main.ts'), 'passwords', path]);
  return path;
}

async function brokerImage(): Promise<string> {
  const text = await readFile(join(repoRoot, 'compose.yaml'), 'utf8');
  return process.env.RABBITMQ_IMAGE ?? /\$\{RABBITMQ_IMAGE:-(\S+)\}/.exec(text)?.[1] ?? '';
}

function parse(text: string): Environment {
  const entries = Object.entries(parseEnv(text));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
