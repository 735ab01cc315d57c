import { messageOf, waitFor } from '@wbor/testkit';
import { createCompose, docker, findCompose } from './engine.ts';
import { findWeaknesses, type Inspected } from './hardening.ts';
import { imageOf } from './images.ts';
import { readNumbers } from './judge.ts';
import type { Profile } from './options.ts';
import type { Settings } from './settings.ts';

const HEALTH_PORTS = {
  relay: 2001,
  gateway: 2002,
  'audit-logger': 2003,
  moderator: 2004,
  console: 2005,
} as const;
type Service = keyof typeof HEALTH_PORTS;
export const SERVICES = Object.keys(HEALTH_PORTS) as readonly Service[];
export const SERVERS = ['rabbitmq', 'postgres'] as const;
export type Container = Service | (typeof SERVERS)[number];

const UP_TIMEOUT_MS = 180_000;

/** compose.yaml, up. */
export interface Deployment {
  /** Until Docker calls it healthy, and a service says that messages get through. */
  waitUntilReady(name: Container): Promise<void>;
  /** @returns the container's id. */
  idOf(name: Container): Promise<string>;
  /** The messages in the chat, and those in the audit as posted; each as often as it is there. */
  readChat(): Promise<number[]>;
  readAudit(): Promise<number[]>;
  /** By container. */
  findWeaknesses(): Promise<string[]>;
  /** With all its volumes. */
  remove(): Promise<void>;
}

/** @param build whether the images are built before. */
export async function bringUp(profile: Profile, settings: Settings, build: boolean): Promise<Deployment> {
  const { command, version } = await findCompose();
  const compose = createCompose({ command, ...settings, profile: profile === 'demo' ? 'demo' : undefined });
  const project = settings.env.COMPOSE_PROJECT_NAME ?? '';
  const simulator = `${project}-groupme`;

  async function remove(): Promise<void> {
    await docker('rm', '--force', '--volumes', simulator).catch(() => undefined);
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '5');
  }

  /** One that has done its work and ended is among them. */
  async function containers(): Promise<{ id: string; name: string; running: boolean }[]> {
    const format = '{{.ID}} {{.Label "com.docker.compose.service"}} {{.State}}';
    const filter = `label=com.docker.compose.project=${project}`;
    const lines = await docker('ps', '--all', '--no-trunc', '--filter', filter, '--format', format);
    return lines.split('\n').map((line) => {
      const [id = '', name = '', state] = line.split(' ');
      return { id, name, running: state === 'running' };
    });
  }

  async function idOf(name: Container): Promise<string> {
    const id = (await containers()).find((container) => container.name === name)?.id;
    if (id === undefined) throw new Error(`there is no container of ${name}`);
    return id;
  }

  async function waitUntilReady(name: Container): Promise<void> {
    await waitFor(async () => (await healthOf(await idOf(name))) === 'healthy', {
      what: `${name} is healthy`,
      timeoutMs: UP_TIMEOUT_MS,
      intervalMs: 500,
    });
    const port = Object.entries(HEALTH_PORTS).find(([service]) => service === name)?.[1];
    if (port === undefined) return;
    const script = `fetch('http://127.0.0.1:${port}/readyz').then((answer) => process.exit(answer.ok ? 0 : 1))`;
    await waitFor(async () => docker('exec', await idOf(name), 'node', '-e', script).then(() => true), {
      what: `${name} is ready`,
      timeoutMs: UP_TIMEOUT_MS,
      intervalMs: 500,
    });
  }

  const query = async (sql: string): Promise<string[]> => {
    const text = await docker(
      ...['exec', await idOf('postgres'), 'psql', '-U', 'wbor', '-d', 'groupme', '-At', '-c', sql],
    );
    return text.split('\n');
  };

  await remove();
  try {
    // As README.md has it. The first compose knows no --wait.
    const wait = version.startsWith('1.') ? '--detach' : '--wait';
    await compose('up', build ? '--build' : '--no-build', wait);
    if (profile !== 'demo') await startSimulator(simulator, project, settings);
    for (const name of [...SERVERS, ...SERVICES]) await waitUntilReady(name);
  } catch (error) {
    const logs = await compose('logs', '--no-color', '--tail', '20').catch(() => '');
    await remove().catch(() => undefined);
    throw new Error(`compose.yaml does not come up: ${messageOf(error)}\n${logs}`, { cause: error });
  }

  return {
    waitUntilReady,
    idOf,
    remove,
    async readChat() {
      const answer = await fetch(`http://127.0.0.1:${settings.ports.simulator}/_simulator/messages`);
      const { messages } = (await answer.json()) as { messages: { text: string; sender_type: string }[] };
      return readNumbers(messages.filter((one) => one.sender_type === 'bot').map(({ text }) => text));
    },
    // One row a call, and no call but those that end in the chat: GroupMe refuses nothing here.
    readAudit: async () => readNumbers(await query(`SELECT replace(text, E'\\n', ' ') FROM groupme_posts`)),
    async findWeaknesses() {
      const found: string[] = [];
      for (const { id, name, running } of await containers()) {
        const [inspected] = JSON.parse(await docker('inspect', id)) as [Inspected];
        // A server starts as root and then becomes another.
        const user = running ? await docker('top', id, '-eo', 'uid,pid') : inspected.Config.User;
        const uid = /^\s*(\d+)/m.exec(user)?.[1] ?? 0;
        found.push(...findWeaknesses(inspected, Number(uid)).map((what) => `${name} ${what}`));
      }
      return found;
    },
  };
}

async function healthOf(id: string): Promise<string> {
  return await docker('inspect', '--format', '{{.State.Health.Status}}', id);
}

/** In place of GroupMe, where compose.yaml itself has none. */
async function startSimulator(name: string, project: string, { ports, values }: Settings): Promise<void> {
  await docker(
    ...['run', '--detach', '--name', name, '--network', `${project}_default`],
    ...['--network-alias', 'groupme-simulator', '--publish', `127.0.0.1:${ports.simulator}:5400`],
    imageOf('groupme-simulator'),
    ...[
      '--host',
      '0.0.0.0',
      '--callback-url',
      `http://gateway:2000/callback/${values.GROUPME_CALLBACK_SECRET}`,
    ],
  );
}
