import type { ServerResponse } from 'node:http';
import type { Broker, HeardMessage } from '@wbor/amqp';
import { progressEvent } from '@wbor/contracts';
import type { Logger, ServiceContext } from '@wbor/service';
import { type Html, render } from '../html.ts';
import { asShown } from './as-shown.ts';
import { createLiveBoard } from './live-board.ts';
import type { LiveMessage } from './live-message.ts';
import { createViewers } from './viewers.ts';

/** What everybody sees who looks at the page Now. Each change is rendered once, for all of them. */
export interface LiveFeed {
  /** With the words that everybody may see. */
  readonly messages: readonly LiveMessage[];
  readonly viewers: number;
  /** @param mayStay asked now and then; whoever may not is cut off. */
  watch(response: ServerResponse, mayStay: () => Promise<boolean>): void;
  /** Begins to hear what is on the exchange. */
  listen(broker: Broker, onStop: ServiceContext['onStop']): Promise<void>;
  /** Tells all who watch the whole list anew. */
  tellAll(): void;
  close(): void;
}

export interface LiveFeedOptions {
  readonly isBanned: (sender: string) => boolean | undefined;
  readonly loadLatest: () => Promise<LiveMessage[]>;
  readonly list: (messages: readonly LiveMessage[]) => Html;
  /** What makes of the list before a change the one after it; see `sse-swap` of the page. */
  readonly change: (heard: { message: LiveMessage; isNew: boolean; gone: LiveMessage | undefined }) => Html;
  readonly logger: Logger;
}

export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const board = createLiveBoard();
  const viewers = createViewers();
  const shown = (message: LiveMessage) => asShown(message, options.isBanned);
  const whole = () => ({ name: 'list', data: render(options.list(board.messages.map(shown))) });

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

  function hear(content: Buffer, message: HeardMessage): void {
    const heard = board.hear(content, message);
    if (heard === undefined || viewers.count === 0) return;
    const change = options.change({ ...heard, message: shown(heard.message) });
    viewers.tell({ name: 'change', data: render(change) });
  }

  return {
    get messages() {
      return board.messages.map(shown);
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
            // What is thrown here would end the connection to the broker: for the others, too.
            try {
              hear(content, message);
            } catch (error) {
              options.logger.error(
                { routing_key: message.routingKey, amqp_message_id: message.messageId, ...whereOf(error) },
                'a message could not be shown live',
              );
            }
          },
          onSubscribed: () => void catchUp(),
        });
        onStop(`listener of ${pattern}`, () => listener.stop());
      }
    },
    tellAll() {
      if (viewers.count > 0) viewers.tell(whole());
    },
    close: () => viewers.close(),
  };
}

/** What went wrong and where, without its words: they may be those of the message. */
function whereOf(error: unknown): { error: string; where?: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error };
  return {
    error: error.name,
    where: error.stack
      ?.split('\n')
      .find((line) => /^\s+at /.test(line))
      ?.trim(),
  };
}
