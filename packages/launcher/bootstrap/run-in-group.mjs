import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startTimeOf } from '../../testkit/src/process/is-running.mjs';

const KEEPER = fileURLToPath(new URL('../../testkit/src/process/keeper.mjs', import.meta.url));
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command in a process group of its own. Signals to us are passed on to the group; when we are killed, a
 * keeper ends it. Resolves with `code` (128 + n after signal n), with the `output` if `capture` is set, else '', and with
 * whether it was `interrupted`.
 */
export function runInGroup(file, args, { capture = false, ...options }) {
  return new Promise((resolve) => {
    const keeper = spawn(process.execPath, [KEEPER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    keeper.on('error', () => {});
    keeper.stdin.on('error', () => {});
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    // Not in the terminal's group: Ctrl-C would reach it from the terminal, from npm and from us.
    const child = spawn(file, args, { ...options, detached: true, stdio });
    let output = '';
    let interrupted = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => {
      if (capture) output += error.message;
      else process.stderr.write(`${error.message}\n`);
      finish(127);
    });
    if (child.pid !== undefined) {
      tell({
        keep: child.pid,
        started: startTimeOf(child.pid),
        signal: 'SIGTERM',
        group: true,
        graceMs: 30_000,
      });
    }

    const lastAt = new Map();
    const forward = (signal) => {
      // The terminal and npm both send the same one; a person who means it twice takes longer.
      const now = performance.now();
      if (now - (lastAt.get(signal) ?? -1_000) < 300) return;
      lastAt.set(signal, now);
      interrupted = true;
      sendToGroup(child.pid, signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    // npm itself may be killed, which nobody tells us.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) forward('SIGTERM');
    }, 500);

    // What it leaves behind would hold its output open.
    child.once('exit', () => sendToGroup(child.pid, 'SIGKILL'));
    child.once('close', (code, signal) => {
      finish(code ?? 128 + (constants.signals[signal] ?? 0));
    });

    function finish(code) {
      clearInterval(watch);
      for (const signal of FORWARDED) process.off(signal, forward);
      tell({ release: child.pid });
      keeper.stdin.end();
      keeper.unref();
      resolve({ code, output, interrupted });
    }

    function tell(command) {
      keeper.stdin.write(`${JSON.stringify(command)}\n`);
    }
  });
}

function sendToGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
