import type { ServerResponse } from 'node:http';
import type { Broker } from '@wbor/amqp';
import { progressEvent } from '@wbor/contracts';
import type { Logger, ServiceContext } from '@wbor/service';
import { type Html, render } from '../html.ts';
import { createLiveBoard } from './live-board.ts';
import type { LiveMessage } from './live-message.ts';
import { createViewers } from './viewers.ts';

/** What everybody sees who looks at the page Now. Each change is rendered once, for all of them. */
export interface LiveFeed {
  readonly messages: readonly LiveMessage[];
  readonly viewers: number;
  /** @param mayStay asked now and then; whoever may not is cut off. */
  watch(response: ServerResponse, mayStay: () => Promise<boolean>): void;
  /** Begins to hear what is on the exchange. */
  listen(broker: Broker, onStop: ServiceContext['onStop']): Promise<void>;
  close(): void;
}

export interface LiveFeedOptions {
  readonly loadLatest: () => Promise<LiveMessage[]>;
  readonly list: (messages: readonly LiveMessage[]) => Html;
  /** What makes of the list before a change the one after it; see `sse-swap` of the page. */
  readonly change: (heard: { message: LiveMessage; isNew: boolean; gone: LiveMessage | undefined }) => Html;
  readonly logger: Logger;
}

export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const board = createLiveBoard();
  const viewers = createViewers();
  const whole = () => ({ name: 'list', data: render(options.list(board.messages)) });

  /** What was published while nobody here heard it is in the audit. */
  async function catchUp(): Promise<void> {
    // What was heard before may have gone on meanwhile; what is heard from now on is newer than the audit.
    const stale = new Set(board.messages);
    try {
      board.fill(await options.loadLatest(), stale);
      viewers.tell(whole());
    } catch (error) {
      options.logger.warn({ error: String(error) }, 'the latest messages could not be read');
    }
  }

  return {
    get messages() {
      return board.messages;
    },
    get viewers() {
      return viewers.count;
    },
    watch: (response, mayStay) => viewers.add(response, whole(), mayStay),
    async listen(broker, onStop) {
      for (const pattern of ['source.#', progressEvent.key]) {
        const listener = await broker.listen({
          pattern,
          onMessage(content, message) {
            const heard = board.hear(content, message);
            if (heard && viewers.count > 0)
              viewers.tell({ name: 'change', data: render(options.change(heard)) });
          },
          onSubscribed: () => void catchUp(),
        });
        onStop(`listener of ${pattern}`, () => listener.stop());
      }
    },
    close: () => viewers.close(),
  };
}
