import type { ServerResponse } from 'node:http';

/** Browsers that watch: each gets all of it, or is cut off and begins anew with the whole. */
export interface Viewers {
  readonly count: number;
  /**
   * @param first what there is by now.
   * @param mayStay asked now and then; whoever may not is cut off.
   */
  add(response: ServerResponse, first: ServerEvent, mayStay: () => Promise<boolean>): void;
  tell(event: ServerEvent): void;
  close(): void;
}

interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const BEAT_MS = 15_000;
/** Whoever reads no faster than this is cut off, so that nothing piles up here. */
const MAX_WAITING_BYTES = 1_000_000;
/** Then a browser asks anew by itself: of people whom a proxy signs in, the proxy alone knows who may stay. */
export const MAX_STREAM_MS = 10 * 60_000;

interface Watching {
  readonly mayStay: () => Promise<boolean>;
  readonly until: number;
}

export function createViewers(): Viewers {
  const viewers = new Map<ServerResponse, Watching>();
  // Proxies close what is silent; and a browser that has gone is found out.
  const beat = setInterval(() => {
    for (const [viewer, { until }] of viewers) if (Date.now() >= until) drop(viewer);
    write(': beat\n\n');
    for (const [viewer, { mayStay }] of viewers) {
      // Who cannot be asked for comes back, and is asked then.
      void mayStay().then(
        (may) => may || drop(viewer),
        () => drop(viewer),
      );
    }
  }, BEAT_MS);
  beat.unref();

  function write(text: string): void {
    for (const viewer of viewers.keys()) {
      if (viewer.writableLength > MAX_WAITING_BYTES) drop(viewer);
      else viewer.write(text);
    }
  }

  /** Forgotten at once: nothing may be written after an end, and who does not read would never come to it. */
  function drop(viewer: ServerResponse): void {
    viewers.delete(viewer);
    if (viewer.writableNeedDrain) viewer.destroy();
    else viewer.end();
  }

  return {
    get count() {
      return viewers.size;
    },
    add(response, first, mayStay) {
      // A browser may go at any moment; an error that nobody listens to would end the process.
      response.on('error', () => {});
      response.once('close', () => {
        viewers.delete(response);
      });
      response.write(`retry: 1000\n\n${format(first)}`);
      viewers.set(response, { mayStay, until: Date.now() + MAX_STREAM_MS });
    },
    tell: (event) => write(format(event)),
    close() {
      clearInterval(beat);
      for (const viewer of viewers.keys()) drop(viewer);
    },
  };
}

function format({ data, name }: ServerEvent): string {
  return `event: ${name}\n${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}
