// Run as a process by owner.int.test.ts: starts servers and a child, says so, and waits to be killed.
import { startBroker, startPostgres } from '../src/index.ts';
import { spawnKept } from '../src/process/keep.ts';

const [broker, postgres, child] = await Promise.all([
  startBroker({ private: true }),
  startPostgres({ private: true }),
  spawnKept(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { graceMs: 100 }),
]);
process.stdout.write(
  `${JSON.stringify({ brokerUrl: broker.url, databaseUrl: postgres.url, childPid: child.pid })}\n`,
);
setInterval(() => undefined, 60_000);
