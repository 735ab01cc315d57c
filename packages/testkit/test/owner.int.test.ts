import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findRabbitmqInstallation } from '../src/broker/installation.ts';
import { connectAmqp, waitFor } from '../src/index.ts';

const OWNER = fileURLToPath(new URL('./owner.ts', import.meta.url));
/** A broker in a container is not ours to see in /proc: its end is the business of testcontainers. */
const SERVERS = (await findRabbitmqInstallation()) ? ['rabbitmq', 'postgres'] : ['postgres'];

/** Processes whose environment or command line has this text: so also those that have detached. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return ['environ', 'cmdline'].some((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text),
        );
      } catch {
        return false;
      }
    });
}

async function startOwner(servers: readonly string[]) {
  // Inherited by all that the owner starts, so that nothing of it can hide.
  const mark = `testkit-owner-${crypto.randomUUID()}`;
  const owner = spawn(process.execPath, [OWNER, ...servers], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: `${process.env.PATH}:/${mark}`, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR },
  });
  onTestFinished(() => {
    owner.kill('SIGKILL');
  });
  const lines = createInterface({ input: owner.stdout });
  const [line] = await once(lines, 'line');
  const { brokerUrl, childPid } = JSON.parse(String(line)) as { brokerUrl?: string; childPid: number };
  return {
    owner,
    brokerUrl,
    childPid,
    mark,
    /** Resolves once the owner has done all that it had to do before. */
    async answer(): Promise<void> {
      owner.stdin.write('are you there?\n');
      await once(lines, 'line');
    },
  };
}

/** The keeper inherits no environment: its parent tells whose it is. */
function keepersOf(owner: number | undefined): string[] {
  return processesWith('keeper.mjs').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1] === String(owner);
    } catch {
      return false;
    }
  });
}

describe.runIf(process.platform === 'linux')('when the owner is killed with SIGKILL', () => {
  test('nothing is left running, and no folder', async () => {
    const { owner, mark, brokerUrl } = await startOwner(SERVERS);
    const folders = processesWith(mark).map((pid) =>
      /wbor-(rabbitmq|postgres)-\w+/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    );
    expect(new Set(folders.flatMap((match) => match?.[1] ?? []))).toEqual(new Set(SERVERS));
    if (brokerUrl !== undefined) await (await connectAmqp(brokerUrl)).close();

    owner.kill('SIGKILL');
    await waitFor(() => processesWith(mark).length === 0, { timeoutMs: 20_000, what: 'every process ends' });
    const names = folders.flatMap((match) => match?.[0] ?? []);
    await waitFor(() => !readdirSync(tmpdir()).some((name) => names.includes(name)), {
      what: 'the folders are removed',
    });
  });

  test('its child ends although the first keeper was killed before', async () => {
    const { owner, mark, childPid, answer } = await startOwner([]);
    expect(processesWith(mark)).toContain(String(childPid));
    const [first] = keepersOf(owner.pid);
    process.kill(Number(first), 'SIGKILL');
    await waitFor(() => keepersOf(owner.pid).some((pid) => pid !== first), { what: 'a second keeper' });
    await answer();

    owner.kill('SIGKILL');
    await waitFor(() => processesWith(mark).length === 0, { what: 'the child ends' });
  });
});
