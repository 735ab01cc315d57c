import process from 'node:process';
import { parseArgs } from 'node:util';
import { startBroker } from '@wbor/testkit';
import { setUpRelay } from '../test/relay-under-test.ts';

// A GroupMe that takes one post in two seconds, and now and then refuses three in a row whatever the pace: prints how
// many calls it had to refuse. With the relay's own settings, so that 300 messages take more than ten minutes.
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '300' },
    'burst-minutes': { type: 'string', default: '4' },
  },
});
const messages = Number(values.messages);
const limit = { route: 'bots/post', mode: 'rate-limit', perSeconds: 2, posts: 1 } as const;
const burst = { route: 'bots/post', mode: 'status', status: 429, times: 3 } as const;
const TELL_EVERY = 30;

const broker = await startBroker();
const world = await setUpRelay(broker.url, { GROUPME_RATE_PER_SECOND: '1' });
let bursts = 0;
const timer = setInterval(() => {
  bursts += 1;
  world.simulator.clearFaults();
  world.simulator.setFault(burst, limit);
}, Number(values['burst-minutes']) * 60_000);
try {
  await world.start();
  world.simulator.setFault(limit);
  const startedAtMs = Date.now();
  for (let number = 1; number <= messages; number += 1) {
    await world.publish('source.standard', { body: `${number}`, source: 'x', wbor_message_id: `m${number}` });
  }
  for (let told = TELL_EVERY; told < messages; told += TELL_EVERY) {
    await world.simulator.waitFor(({ messages: posts }) => posts.length >= told, 600_000);
    process.stderr.write(`${told} posts after ${Math.round((Date.now() - startedAtMs) / 1000)} s\n`);
  }
  await world.simulator.waitFor(({ messages: posts }) => posts.length >= messages, 600_000);

  const numbers = world.posts().map((text) => Number(/"(\d+)"/.exec(text)?.[1]));
  const inOrder = numbers.every((number, index) => number === index + 1);
  const late = world.simulator.requests().filter(({ at }) => Date.parse(at) - startedAtMs > 60_000);
  const refused = late.filter(({ status }) => status === 429).length;
  const share = ((100 * refused) / late.length).toFixed(1);
  process.stdout.write(
    `${numbers.length} posts in ${Math.round((Date.now() - startedAtMs) / 1000)} s, ${inOrder ? 'in order' : 'NOT IN ORDER'}\n` +
      `after the first minute ${refused} of ${late.length} calls were refused: ${share} % (${3 * bursts} by ${bursts} bursts)\n`,
  );
  if (!inOrder || numbers.length !== messages) process.exitCode = 1;
} finally {
  clearInterval(timer);
  await world.stop();
  await broker.dispose();
}
