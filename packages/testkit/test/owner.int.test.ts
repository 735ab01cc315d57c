import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { connectAmqp, waitFor } from '../src/index.ts';

const OWNER = fileURLToPath(new URL('./owner.ts', import.meta.url));

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

test.runIf(process.platform === 'linux')(
  'nothing is left running, and no folder, when the owner is killed with SIGKILL',
  async () => {
    // Inherited by all that the owner starts, so that nothing of it can hide.
    const mark = `testkit-owner-${crypto.randomUUID()}`;
    const owner = spawn(process.execPath, [OWNER], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: `${process.env.PATH}:/${mark}`, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR },
    });
    onTestFinished(() => {
      owner.kill('SIGKILL');
    });
    const [line] = await once(createInterface({ input: owner.stdout }), 'line');
    const { brokerUrl } = JSON.parse(String(line)) as { brokerUrl: string };
    const started = processesWith(mark);
    // The owner, its child, epmd, the Erlang VM with its helpers, Postgres with its workers.
    expect(started.length).toBeGreaterThanOrEqual(8);
    const folders = started.map((pid) =>
      /wbor-(rabbitmq|postgres)-\w+/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    );
    expect(new Set(folders.flatMap((match) => match?.[1] ?? [])).size).toBe(2);
    await (await connectAmqp(brokerUrl)).close();

    owner.kill('SIGKILL');
    await waitFor(() => processesWith(mark).length === 0, { timeoutMs: 20_000, what: 'every process ends' });
    const { tmpdir } = await import('node:os');
    const names = folders.flatMap((match) => match?.[0] ?? []);
    await waitFor(() => !readdirSync(tmpdir()).some((name) => names.includes(name)), {
      what: 'the folders are removed',
    });
  },
);
