// Outlives its owner for a moment, to end what the owner has started. The owner holds our stdin; when that
// ends, however the owner died, every process still registered is stopped, then killed, and the folders
// named are removed. Plain JavaScript so that any Node starts it in a few milliseconds.
//
// stdin: one JSON object a line:
//   {"keep": pid, "started": "…", "signal": "SIGTERM", "group": true, "graceMs": 3000}
//   {"release": pid}
//   {"removeFolder": "/path"}   {"keepFolder": "/path"}
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

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

async function end(entry) {
  if (!isSame(entry)) return;
  send(entry.group ? -entry.keep : entry.keep, entry.signal);
  const deadline = Date.now() + entry.graceMs;
  while (isSame(entry) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  send(entry.group ? -entry.keep : entry.keep, 'SIGKILL');
}

/** Whether the process still runs and is the one that was registered: numbers are used again. */
function isSame({ keep: pid, started }) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    // Where nobody collects the dead (a container without init) they stay as zombies.
    return fields[0] !== 'Z' && (started === '' || fields[19] === started);
  } catch {
    return process.platform !== 'linux';
  }
}

function send(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // Gone already.
  }
}
