import type { ServerResponse } from 'node:http';

/** Browsers that watch: each gets all of it, or is cut off and begins anew with the whole. */
export interface Viewers {
  readonly count: number;
  /** @param first what there is by now. */
  add(response: ServerResponse, first: ServerEvent): void;
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
  const viewers = new Set<ServerResponse>();
  // Proxies close what is silent; and a browser that has gone is found out.
  const beat = setInterval(() => write(': beat\n\n'), BEAT_MS);
  beat.unref();

  function write(text: string): void {
    for (const viewer of viewers) {
      if (viewer.writableLength > MAX_WAITING_BYTES) viewer.destroy();
      else viewer.write(text);
    }
  }

  return {
    get count() {
      return viewers.size;
    },
    add(response, first) {
      response.write(`retry: 1000\n\n${format(first)}`);
      viewers.add(response);
      response.once('close', () => {
        viewers.delete(response);
      });
    },
    tell: (event) => write(format(event)),
    close() {
      clearInterval(beat);
      for (const viewer of viewers) viewer.end();
    },
  };
}

function format({ data, name }: ServerEvent): string {
  return `event: ${name}\n${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}
