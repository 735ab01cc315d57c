import type { Socket } from 'node:net';

/** Two sockets that are one connection. */
export interface Forwarding {
  /** Forwards nothing more, either way, until `resume`. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** Forwards what comes from either to the other, until one closes. */
export function forward(client: Socket, upstream: Socket, onClosed: () => void): Forwarding {
  let paused = false;
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    // A reset must not end the process; `close` follows and takes the other side along.
    from.on('error', () => undefined);
    from.on('data', (chunk) => {
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => {
          if (!paused) from.resume();
        });
      }
    });
    from.on('end', () => to.end());
    from.on('close', () => {
      to.destroy();
      onClosed();
    });
  }
  return {
    pause() {
      paused = true;
      client.pause();
      upstream.pause();
    },
    resume() {
      paused = false;
      client.resume();
      upstream.resume();
    },
    destroy() {
      client.destroy();
      upstream.destroy();
    },
  };
}
