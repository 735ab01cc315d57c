import type { Format } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import type { z } from 'zod';

/**
 * One kind of message on the exchange: which messages it takes, what is in them, and what the chat makes of them. A new
 * source is one module like those beside this file and one line in the table of `index.ts`; see "Add a source" in
 * CONTRIBUTING.md.
 */
export interface Source<Schema extends z.ZodType = z.ZodType> {
  /** The routing keys that it takes, written as in a binding: `*` stands for one word, `#` for any number of words. */
  readonly key: string;
  /**
   * What the queue `relay.standard` is bound to for it. Not needed for keys under `source.standard` and `source.twilio`, to
   * which the contracts bind the intake queues.
   */
  readonly bindings?: readonly string[];
  /** Says by the headers whether it takes a message with such a key. Without this it takes all of them. */
  takes?(headers: MessageHeaders): boolean;
  /** The JSON body. A message that does not fit is parked, with the schema's words for what is wrong. */
  readonly schema: Schema;
  /**
   * Makes JSON of a body that is none, for a producer that is known to write it wrong. What it throws means that the body
   * cannot be read. Without this such a body is parked.
   */
  repair?(text: string): string;
  /**
   * Says what the message means. It does no I/O, does not know what time it is, and need not sanitise or shorten anything.
   *
   * @param clock shows times as the clock on the station's wall does. Default: that of the setting's default.
   */
  read(
    payload: z.output<Schema>,
    routingKey: string,
    raw: RawBody,
    clock?: StationClock,
  ): SourceMessage | SourceLog | SourceStatus;
}

/** Messages that reach an intake queue and are not for the chat. Nobody looks into their bodies. */
export interface IgnoredSource {
  readonly key: string;
  readonly ignored: true;
}

/** The JSON body as it came, before the schema made anything of it. */
type RawBody = Readonly<Record<string, unknown>>;

export type MessageHeaders = Readonly<Record<string, unknown>>;

/** A message for the chat. Only what is special about it must be said. */
export interface SourceMessage {
  readonly kind: 'message';
  /** The name by which the audit and `URGENT_SOURCES` know the sender. Messages of one source keep their order. */
  readonly source: string;
  /** Empty when there are only images. */
  readonly text: string;
  /** The producer's id of the message, by which it is found in logs and audit. By default one is made. */
  readonly wborMessageId?: string | undefined;
  /** Addresses that the relay fetches images from, in the order in which they are shown. */
  readonly imageUrls?: readonly string[] | undefined;
  /** How many images there should be beside these, of which nobody knows the address. The chat is told. */
  readonly imagesWithoutAddress?: number | undefined;
  /** How many images were left out, since there were too many. The chat is told. */
  readonly imagesLeftOut?: number | undefined;
  /** Default `quoted`. */
  readonly format?: Format | undefined;
  /** The person who wrote it, as `!ban` and the audit know them: a telephone number. */
  readonly sender?: string | undefined;
  readonly senderName?: string | undefined;
  /**
   * `urgent` overtakes everything, `low` lets everything pass. Default: as the AMQP priority and `URGENT_SOURCES` say.
   */
  readonly priority?: 'urgent' | 'low' | undefined;
  /**
   * What makes two messages of this source the same, whatever their bytes and whichever way they came: the second is not
   * posted. `wborMessageId` is then made of it.
   */
  readonly eventId?: string | undefined;
  /** Something that begins and may be over in a moment; see {@link Episode}. */
  readonly episode?: Episode | undefined;
  /** A sentence for the chat that says where an image can be looked for that could not be attached. */
  readonly mediaHint?: string | undefined;
  /**
   * Whether the SMS service waits for a POST to `ACK_URL` once the message is in the chat, unless `x-no-fallback`
   * says that there is none. Default false.
   */
  readonly acknowledge?: boolean | undefined;
}

/**
 * Two messages that belong together: power is lost and comes back. When the end comes within `FOLD_SECONDS` of the beginning,
 * one message says both.
 */
export interface Episode {
  /** The same for both, and for no other episode of the source that may be open at the same time. */
  readonly id: string;
  readonly phase: 'begin' | 'end';
  /** When it happened, epoch milliseconds. Without it the time of arrival counts. */
  readonly atMs: number | undefined;
  /** Of an end: the text for both. `length` is how long it took, in words. */
  readonly fold?: (length: string) => string;
}

/** What a station of AzuraCast does now. Only what has changed since it was last seen is for the chat. */
export interface SourceStatus {
  readonly kind: 'status';
  readonly source: string;
  /** By which it is remembered. */
  readonly station: string;
  /** For people. */
  readonly name: string;
  /** When it was seen, epoch milliseconds. */
  readonly atMs: number | undefined;
  readonly seen: SeenStation;
}

/** What is undefined was not said. */
export interface SeenStation {
  readonly online: boolean | undefined;
  readonly live: boolean | undefined;
  /** Who streams live. */
  readonly streamer: string | undefined;
  readonly song: string | undefined;
}

/** A log of what the producer has posted by itself. Nothing is posted for it. */
export interface SourceLog {
  readonly kind: 'already-sent';
  readonly source: string;
  readonly wborMessageId?: string | undefined;
  readonly text?: string | undefined;
  readonly pictureUrl?: string | undefined;
  /** The bot that posted it. */
  readonly botId?: string | undefined;
  /** The HTTP status of GroupMe's answer. */
  readonly statusCode?: number | undefined;
  readonly sender?: string | undefined;
  readonly senderName?: string | undefined;
  /** All that the producer said about it, for the audit. */
  readonly payload: RawBody;
}

/** Changes nothing; it lets the compiler check `read` against the schema. */
export function defineSource<Schema extends z.ZodType>(source: Source<Schema>): Source<Schema> {
  return source;
}

/** The name of a source that does not name itself. An alert must not be lost for want of a name. */
export function sourceOfKey(routingKey: string): string {
  const [, family = 'standard', name] = routingKey.split('.');
  return family === 'standard' && name ? name : family;
}

/** A header by its name, also in another spelling: `AlreadySent` and `X-Already-Sent` are plain enough. */
export function headerOf(headers: MessageHeaders, name: string): unknown {
  if (Object.hasOwn(headers, name)) return headers[name];
  const bare = bareName(name);
  const found = Object.keys(headers).find((given) => given.length <= 255 && bareName(given) === bare);
  return found === undefined ? undefined : headers[found];
}

function bareName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/^x/, '');
}
