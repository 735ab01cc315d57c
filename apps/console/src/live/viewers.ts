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

export function createViewers(): Viewers {
  const viewers = new Map<ServerResponse, () => Promise<boolean>>();
  // Proxies close what is silent; and a browser that has gone is found out.
  const beat = setInterval(() => {
    write(': beat\n\n');
    for (const [viewer, mayStay] of viewers) {
      // Who cannot be asked for comes back, and is asked then.
      void mayStay().then(
        (may) => may || viewer.end(),
        () => viewer.end(),
      );
    }
  }, BEAT_MS);
  beat.unref();

  function write(text: string): void {
    for (const viewer of viewers.keys()) {
      if (viewer.writableLength > MAX_WAITING_BYTES) viewer.destroy();
      else viewer.write(text);
    }
  }

  return {
    get count() {
      return viewers.size;
    },
    add(response, first, mayStay) {
      response.write(`retry: 1000\n\n${format(first)}`);
      viewers.set(response, mayStay);
      response.once('close', () => {
        viewers.delete(response);
      });
    },
    tell: (event) => write(format(event)),
    close() {
      clearInterval(beat);
      for (const viewer of viewers.keys()) viewer.end();
    },
  };
}

function format({ data, name }: ServerEvent): string {
  return `event: ${name}\n${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}
