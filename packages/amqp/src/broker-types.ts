import type { BodyOf, InterimReply, MessageDefinition, Reply } from '@wbor/contracts';
import type {
  BrowseOptions,
  BytesOptions,
  Consumer,
  ConsumerOptions,
  ForeignBindings,
  ForeignBindingsOptions,
  Listener,
  ListenerOptions,
  PublishOptions,
  QueueBrowser,
  QueueFacts,
  ReplyQueue,
  ReplyQueueOptions,
} from './types.ts';

export interface Broker {
  /** Connected, and not blocked by a resource alarm: publishing is worth a try. */
  readonly canPublish: boolean;
  /** That, and what is published gets through, and consuming does not fail all the time. */
  readonly ready: boolean;
  /** Why `ready` is false, for people. */
  readonly reason: string | undefined;
  /**
   * Waits for the first registration with the broker (with a lock: not even for that), then resolves. Heals by
   * itself from then on.
   */
  consume(options: ConsumerOptions): Promise<Consumer>;
  /**
   * Hears a copy of what is published on the topic exchange under `pattern`, as long as there is a connection.
   * Nothing is kept meanwhile: for hints, not for work.
   */
  listen(options: ListenerOptions): Promise<Listener>;
  /** Opens a queue of our own for replies. A reply that comes while there is no connection is lost. */
  openReplyQueue(options: ReplyQueueOptions): Promise<ReplyQueue>;
  /**
   * Keeps a queue bound to an exchange that other programs declare, and that need not be there: it is tried again each half
   * minute and with each new connection, on a channel that concerns nobody else.
   */
  bindToForeign(options: ForeignBindingsOptions): ForeignBindings;
  /**
   * Publishes a message of the contract: JSON, persistent, to the exchange or the queue that its definition names.
   * The types hold the body against the schema; nothing is parsed here. Resolves once the broker has confirmed it
   * and some queue took it.
   *
   * @throws PublishError with code `DISCONNECTED`, `TIMEOUT`, `CHANNEL_CLOSED`, `NACKED` (try again with the
   *   same messageId), `RETURNED` (nobody takes it), `BUSY` (too many in flight), `INVALID` (never sendable).
   */
  publish<Definition extends MessageDefinition>(
    definition: Definition,
    body: BodyOf<Definition>,
    options?: PublishOptions<Definition>,
  ): Promise<void>;
  /**
   * Repeats {@link publish} with back-off and the same id until it is confirmed, or until `signal` is aborted, whose
   * reason is then thrown.
   */
  publishUntilConfirmed<Definition extends MessageDefinition>(
    definition: Definition,
    body: BodyOf<Definition>,
    options?: PublishOptions<Definition>,
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Puts bytes as they are into a queue (full name): for what is parked or replayed, which may be anything.
   *
   * @throws PublishError as {@link publish} does.
   */
  sendBytes(queue: string, bytes: Buffer, options?: BytesOptions): Promise<void>;
  /** Repeats {@link sendBytes} like {@link publishUntilConfirmed}. */
  sendBytesUntilConfirmed(
    queue: string,
    bytes: Buffer,
    options?: BytesOptions,
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Answers a producer on a queue of its own, and repeats that like {@link publishUntilConfirmed}. No queue need be
   * there any more. The name comes from the producer: whether it may be written to is the caller's to check. An
   * address that no broker can have made for direct reply-to is refused, since publishing there costs the connection;
   * and that is one for replies only.
   *
   * @param options.mandatory whether its queue must be there: `RETURNED` otherwise. Of a direct reply-to nobody can know.
   */
  replyUntilConfirmed(
    replyTo: string,
    reply: Reply | InterimReply,
    options?: { readonly correlationId?: string | undefined; readonly mandatory?: boolean },
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Asks what the broker knows of some queues (full names), in their order; undefined of one that is not there.
   *
   * @throws PublishError with code DISCONNECTED when there is no connection for ten seconds.
   */
  inspectQueues(queues: readonly string[]): Promise<(QueueFacts | undefined)[]>;
  /**
   * Reads a queue (full name) and gives back what is not removed. A connection that is being opened is waited for.
   *
   * @throws PublishError with code DISCONNECTED when there is none for ten seconds.
   */
  browse(queue: string, options?: BrowseOptions): Promise<QueueBrowser>;
  /** Waits for pending confirms (bounded), then closes both connections. Stop consumers first. */
  close(): Promise<void>;
}
