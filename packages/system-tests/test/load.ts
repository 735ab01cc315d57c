import { waitFor } from '@wbor/testkit';
import { expect } from 'vitest';
import type { SystemUnderTest } from './system-under-test.ts';

const MESSAGES = 200;
export const BLOWS = 5;

/** Sends messages over both ways in, alternately, each source in its own order. */
export async function sendAll(system: SystemUnderTest): Promise<void> {
  for (let number = 1; number <= MESSAGES; number += 1) {
    const [source, body, id] = [number % 2 === 0 ? 'http' : 'amqp', `message ${number}`, `m${number}-id`];
    if (source === 'http') await system.send(source, body, id);
    else await system.publish(`source.standard.${source}`, { body, source, wbor_message_id: id });
  }
}

/** Strikes five times, spread over the delivery of the messages. */
export async function strike(system: SystemUnderTest, blow: () => Promise<unknown>): Promise<void> {
  for (let count = 1; count <= BLOWS; count += 1) {
    const mark = (MESSAGES * count) / (BLOWS + 1);
    await waitFor(() => system.posts().length >= mark, { what: `${mark} posts`, timeoutMs: 60_000 });
    await blow();
  }
}

async function waitForAll(system: SystemUnderTest): Promise<void> {
  const everyId = Array.from({ length: MESSAGES }, (_, index) => `"message ${index + 1}"`);
  await waitFor(
    () => {
      const posts = system.posts();
      return everyId.every((text) => posts.some((post) => post.startsWith(text)));
    },
    { what: 'every message in the chat', timeoutMs: 90_000, intervalMs: 200 },
  );
}

/** Numbers of the messages in the chat, repeats left out, by source. */
function orderOf(system: SystemUnderTest, parity: number): number[] {
  const numbers = system.posts().map((post) => Number(/^"message (\d+)"/.exec(post)?.[1]));
  return [...new Set(numbers)].filter((number) => number % 2 === parity);
}

/** Every message is in the chat, in the order of its source, and has its row. */
export async function expectNothingLost(
  system: SystemUnderTest,
  options: { mostRepeats: number },
): Promise<void> {
  await waitForAll(system);
  const posts = system.posts();
  expect(new Set(posts).size).toBe(MESSAGES);
  const repeats = posts.filter((post, index) => posts.indexOf(post) < index);
  expect(repeats.length, repeats.join('\n')).toBeLessThanOrEqual(options.mostRepeats);
  for (const parity of [0, 1])
    expect(orderOf(system, parity)).toEqual(orderOf(system, parity).toSorted((a, b) => a - b));
  // Each of them has its row; calls that a killed relay could not tell of are at most one a kill.
  await waitFor(async () => (await system.count('groupme_posts', "outcome = 'delivered'")) >= MESSAGES, {
    what: 'a row for every message',
    timeoutMs: 30_000,
  });
  const { rows } = await system.database.query(
    "SELECT count(DISTINCT wbor_message_id) AS messages, count(*) AS rows FROM groupme_posts WHERE outcome = 'delivered'",
  );
  expect(Number(rows[0].messages)).toBe(MESSAGES);
  expect(Number(rows[0].rows)).toBeLessThanOrEqual(posts.length);
  expect(await system.count('audit_rejected')).toBe(0);
}
