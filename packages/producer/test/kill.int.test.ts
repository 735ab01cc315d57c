import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnKept, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed, run } from './bed.ts';

/** `KILLS=50` tries as many points as the acceptance asks for. */
const KILLS = Number(process.env.KILLS ?? 6);

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
  await buildInto(join(bed.folder, 'dist'));
});

afterEach(() => bed.end());

const command = (...args: string[]) => [join(bed.folder, 'dist/wbor-send.js'), ...args];

/** Starts a send and kills it after some milliseconds, or lets it end. Says whether it had accepted the message. */
async function sendAndKill(
  words: string,
  env: Readonly<Record<string, string>>,
  afterMs: number,
): Promise<boolean> {
  const process = await spawnKept(installedNode, command('--wait', '2', words), { env, stdio: 'ignore' });
  await Promise.race([delay(afterMs), process.exited]);
  await process.kill();
  return (await spooled()).includes(words) || bed.posts().some((text) => text.includes(words));
}

async function spooled(): Promise<string> {
  const names = (await readdir(bed.folder)).filter((name) => /^spool(\.\d+)?$/.test(name));
  const texts = await Promise.all(
    names.map((name) => readFile(join(bed.folder, name), 'utf8').catch(() => '')),
  );
  return texts.join('');
}

const timesShown = (words: string) => bed.posts().filter((text) => text.includes(`"${words}"`)).length;

/** Goes on until nothing is left; a killed process keeps its file for a few seconds. */
async function drain(env: Readonly<Record<string, string>>): Promise<void> {
  await waitFor(
    async () => (await run(installedNode, command('drain'), { env })).code === 0 && (await spooled()) === '',
    { what: 'an empty spool', timeoutMs: 60_000, intervalMs: 500 },
  );
}

/** How long a whole send takes here, so that the points lie within it. */
async function measure(env: Readonly<Record<string, string>>): Promise<number> {
  const startedAt = performance.now();
  await run(installedNode, command('--wait', '2', 'measured'), { env });
  return performance.now() - startedAt;
}

describe('a producer that is killed at any moment', () => {
  it.each([
    ['while the relay posts', true],
    ['while it posts by itself', false],
  ])(
    '%s: nothing that was accepted is lost, nothing is posted twice',
    async (_when, relayUp) => {
      const env = { ...bed.environment, GROUPME_ACCESS_TOKEN: bed.simulator.accessToken };
      if (relayUp) await bed.startRelay();
      else await bed.toRelay.cut();
      // GroupMe takes a while, so that some points lie within a call.
      bed.simulator.setFault({ route: 'bots/post', mode: 'delay', delayMs: 600 });
      const wholeMs = await measure(env);
      const accepted: string[] = [];
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const words = `message ${kill} of ${KILLS}`;
        // The first fifth is Node starting.
        const afterMs = wholeMs * (0.2 + 0.8 * Math.random());
        if (await sendAndKill(words, env, afterMs)) accepted.push(words);
      }
      await bed.toRelay.heal();
      if (!relayUp) await bed.startRelay();
      await drain(env);
      await waitFor(() => accepted.every((words) => timesShown(words) > 0), {
        what: 'every accepted message',
      });
      expect(accepted.map(timesShown)).toEqual(accepted.map(() => 1));
      // Each call that GroupMe has seen has its row, and no row is another's.
      const called = () => bed.auditRows().filter(({ outcome }) => outcome !== 'expired').length;
      await waitFor(() => called() >= bed.calls(), { what: 'a row for each call' });
    },
    60_000 + KILLS * 8_000,
  );
});

it('what a killed process has accepted is posted by the next one that only sends, started at once', async () => {
  bed.toRelay.stall();
  const killed = await spawnKept(installedNode, command('first'), { env: bed.environment, stdio: 'ignore' });
  await waitFor(async () => (await spooled()).includes('first'), { what: 'the accepted message' });
  await killed.kill();
  await bed.toRelay.cut();
  const producer = bed.producer({ retryMs: 500 });
  // The lock of the killed one is not stale yet.
  expect(await producer.send({ body: 'second' })).toMatchObject({ deliveredBy: 'fallback' });
  await waitFor(() => timesShown('first') === 1 && timesShown('second') === 1, { what: 'both posts' });
  const nothingWaits = async () => (await producer.status()).messages === 0;
  await waitFor(nothingWaits, { what: 'the answer to the post' });
  expect(await producer.status()).toMatchObject({ logs: 2 });
});
