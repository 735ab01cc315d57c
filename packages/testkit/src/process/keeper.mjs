// Outlives its owner for a moment, to end what the owner has started. The owner holds our stdin; when that
// ends, however the owner died, every process still registered is stopped, then killed, and the folders
// named are removed. Plain JavaScript so that any Node starts it in a few milliseconds.
//
// stdin: one JSON object a line:
//   {"keep": pid, "started": "…", "signal": "SIGTERM", "group": true, "graceMs": 3000}
//   {"release": pid}
//   {"removeFolder": "/path"}   {"keepFolder": "/path"}
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isRunning } from './is-running.mjs';

const kept = new Map();
const folders = new Set();

// Ctrl-C and a closing terminal are the owner's business; we go when it has gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const command = JSON.parse(line);
  if (command.keep) kept.set(command.keep, command);
  if (command.release) kept.delete(command.release);
  if (command.removeFolder) folders.add(command.removeFolder);
  if (command.keepFolder) folders.delete(command.keepFolder);
});
lines.on('close', async () => {
  await Promise.all([...kept.values()].map(end));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
});

async function end({ keep: pid, started, signal, group, graceMs }) {
  if (!isRunning(pid, started)) return;
  const target = group ? -pid : pid;
  send(target, signal);
  const deadline = Date.now() + graceMs;
  while (isRunning(pid, started) && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  send(target, 'SIGKILL');
}

function send(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // Gone already.
  }
}
