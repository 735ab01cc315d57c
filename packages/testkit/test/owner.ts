// Run as a process by owner.int.test.ts: starts a child and the servers named, says so, answers, and waits to be killed.
import { startBroker, startPostgres } from '../src/index.ts';
import { spawnKept } from '../src/process/keep.ts';

const wanted = new Set(process.argv.slice(2));
const [broker, , child] = await Promise.all([
  wanted.has('rabbitmq') ? startBroker({ private: true }) : undefined,
  wanted.has('postgres') ? startPostgres({ private: true }) : undefined,
  spawnKept(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { graceMs: 100 }),
]);
process.stdout.write(`${JSON.stringify({ brokerUrl: broker?.url, childPid: child.pid })}\n`);
process.stdin.on('data', (question) => process.stdout.write(question));
setInterval(() => undefined, 60_000);
