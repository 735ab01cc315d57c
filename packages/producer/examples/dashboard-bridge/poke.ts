import { connect } from 'node:net';

const TIMEOUT_MS = 2_000;

/** Wakes what listens on a Unix socket: the dashboard takes a connection for that, whatever comes over it. */
export function poke(path: string): Promise<'woken' | 'nobody listens'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => {});
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      socket.end();
    });
    socket.on('close', () => resolve(connected ? 'woken' : 'nobody listens'));
    // It reads until it has something, or the end.
    socket.resume();
  });
}
