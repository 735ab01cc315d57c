import process from 'node:process';
import { parseArgs } from 'node:util';
import { type ServiceProcess, startBroker, waitFor } from '@wbor/testkit';
import { type RelayUnderTest, setUpRelay } from '../test/relay-under-test.ts';

// Starts a broker, a GroupMe and two relays, kills the one that delivers with SIGKILL, again and again, and prints
// how long it takes until the other one posts. Once with nothing on its way, once in the middle of a call that GroupMe
// accepts, once in the middle of one that it does not. There are no echoes here: the group is read back.
const { values } = parseArgs({ options: { kills: { type: 'string', default: '10' } } });
const kills = Number(values.kills);

const CASES = [
  { name: 'nothing on its way', fault: undefined },
  { name: 'a call that GroupMe accepted', fault: 'accept-then-hang' },
  { name: 'a call that GroupMe did not accept', fault: 'hang' },
] as const;

function calls(world: RelayUnderTest): number {
  return world.simulator.requests().filter(({ path }) => path.endsWith('/bots/post')).length;
}

async function measureTakeOver(
  world: RelayUnderTest,
  active: ServiceProcess,
  fault: (typeof CASES)[number]['fault'],
): Promise<number> {
  const before = calls(world);
  if (fault !== undefined) {
    world.simulator.setFault({ route: 'bots/post', times: 1, mode: fault });
    await waitFor(() => calls(world) > before, { what: 'the call that hangs', intervalMs: 2 });
  } else {
    await waitFor(() => calls(world) > before && world.events.messages.length === calls(world), {
      what: 'a post and its event',
      intervalMs: 2,
    });
  }
  const atKill = calls(world);
  const killedAtMs = performance.now();
  await active.kill();
  await waitFor(() => calls(world) > atKill, { what: 'the other relay', intervalMs: 2, timeoutMs: 30_000 });
  return performance.now() - killedAtMs;
}

const broker = await startBroker();
try {
  for (const { name, fault } of CASES) {
    const world = await setUpRelay(broker.url, {
      GROUPME_GROUP_ID: '90000001',
      GROUPME_RATE_PER_SECOND: '5',
      GROUPME_MAX_RATE_PER_SECOND: '5',
    });
    const times: number[] = [];
    try {
      let active = await world.start();
      for (let number = 0; number < kills; number += 1) {
        const standby = await world.start();
        // Enough to be posting all the time.
        for (let message = 0; message < 60; message += 1) {
          const id = `${number}-${message}`;
          await world.publish('source.standard', { body: id, source: 'x', wbor_message_id: id });
        }
        times.push(await measureTakeOver(world, active, fault));
        active = standby;
      }
    } finally {
      await world.stop();
    }
    times.sort((a, b) => a - b);
    const [least = 0] = times;
    const median = times[Math.floor(times.length / 2)] ?? 0;
    const most = times.at(-1) ?? 0;
    const text = [least, median, most].map((ms) => `${Math.round(ms)} ms`).join(', ');
    process.stdout.write(`${name}: ${text} (least, median, most of ${times.length})\n`);
  }
} finally {
  await broker.dispose();
}
