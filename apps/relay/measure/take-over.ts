import process from 'node:process';
import { parseArgs } from 'node:util';
import { type ServiceProcess, startBroker, waitFor } from '@wbor/testkit';
import { type RelayUnderTest, setUpRelay } from '../test/relay-under-test.ts';

// Starts a broker, a GroupMe and two relays, kills the one that delivers with SIGKILL, again and again, and prints
// how long it takes until the other one posts. Once with nothing on its way, once in the middle of a call that GroupMe
// accepts, once in the middle of one that it does not. There are no echoes here: the group is read back. Then it freezes
// them with SIGSTOP.
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '10' }, freezes: { type: 'string', default: '3' } },
});
const kills = Number(values.kills);
const freezes = Number(values.freezes);

const CASES = [
  { name: 'killed, nothing on its way', signal: 'SIGKILL', fault: undefined, times: kills },
  {
    name: 'killed in a call that GroupMe accepted',
    signal: 'SIGKILL',
    fault: 'accept-then-hang',
    times: kills,
  },
  { name: 'killed in a call that GroupMe did not accept', signal: 'SIGKILL', fault: 'hang', times: kills },
  { name: 'frozen, nothing on its way', signal: 'SIGSTOP', fault: undefined, times: freezes },
] as const;

function calls(world: RelayUnderTest): number {
  return world.simulator.requests().filter(({ path }) => path.endsWith('/bots/post')).length;
}

async function measureTakeOver(
  world: RelayUnderTest,
  active: ServiceProcess,
  { fault, signal }: (typeof CASES)[number],
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
  active.signal(signal);
  await waitFor(() => calls(world) > atKill, { what: 'the other relay', intervalMs: 2, timeoutMs: 60_000 });
  const tookMs = performance.now() - killedAtMs;
  await active.kill();
  return tookMs;
}

const broker = await startBroker();
try {
  for (const kind of CASES) {
    const world = await setUpRelay(broker.url, {
      GROUPME_GROUP_ID: '90000001',
      GROUPME_RATE_PER_SECOND: '5',
      GROUPME_MAX_RATE_PER_SECOND: '5',
    });
    const times: number[] = [];
    try {
      let active = await world.start();
      for (let number = 0; number < kind.times; number += 1) {
        const standby = await world.start();
        // Enough to be posting all the time.
        for (let message = 0; message < 60; message += 1) {
          const id = `${number}-${message}`;
          await world.publish('source.standard', { body: id, source: 'x', wbor_message_id: id });
        }
        times.push(await measureTakeOver(world, active, kind));
        active = standby;
      }
    } finally {
      await world.stop();
    }
    if (times.length === 0) continue;
    times.sort((a, b) => a - b);
    const [least = 0] = times;
    const median = times[Math.floor(times.length / 2)] ?? 0;
    const most = times.at(-1) ?? 0;
    const text = [least, median, most].map((ms) => `${Math.round(ms)} ms`).join(', ');
    process.stdout.write(`${kind.name}: ${text} (least, median, most of ${times.length})\n`);
  }
} finally {
  await broker.dispose();
}
