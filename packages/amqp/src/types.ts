import type { BodyOf, KeyOf, MessageDefinition, Topology } from '@wbor/contracts';
import type { BrokerAddress } from './address.ts';

/** The part of pino that this package uses. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface BrokerOptions extends BrokerAddress {
  /** Shown in the broker's list of connections and published as `app_id`. */
  readonly appId: string;
  /** Declared at the first boot and again on every reconnection. */
  readonly topology: Topology;
  readonly logger: Logger;
  /** Most messages that may wait for their confirm at once. Default 1000. */
  readonly maxInFlight?: number;
  /** How long a publish may wait for its confirm. Default 10 000 ms. */
  readonly confirmTimeoutMs?: number;
  /** How often a connection that publishes nothing asks whether it might. Default 4000 ms. */
  readonly probeEveryMs?: number;
  /** Of the body of a larger message only the digest and the beginning are ever in memory. Default 1 000 000. */
  readonly maxMessageBytes?: number;
}

export interface PublishOptions<Definition extends MessageDefinition = MessageDefinition> {
  /** Default: a new UUIDv7. Give the same one again when a publish is repeated. */
  readonly messageId?: string;
  /** For a family of keys: which of them. Default: the definition's own. */
  readonly key?: KeyOf<Definition>;
  /** Added to the `x-retry-count: 0` that every message on the topic exchange carries. */
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly correlationId?: string;
  /** Name of the queue where the publisher waits for a reply. */
  readonly replyTo?: string;
  /** Fail with code `RETURNED` when no queue takes the message. Default true. */
  readonly mandatory?: boolean;
}

export interface BytesOptions {
  readonly messageId?: string;
  /** AMQP `type`; default: the queue's name. */
  readonly type?: string;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly priority?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** A message as it came from a queue. Settle it exactly once. */
export interface Delivery {
  /** Its beginning only, when `omitted` says so. */
  readonly content: Buffer;
  /** Of a body above {@link BrokerOptions.maxMessageBytes}: its length, and its SHA-256 in hexadecimal. */
  readonly omitted: { readonly bytes: number; readonly sha256: string } | undefined;
  /** Full name of the queue that it came from. */
  readonly queue: string;
  /** Of the channel that delivers it: deliveries with the same number are lost together, and no other channel has it. */
  readonly channelId: number;
  readonly routingKey: string;
  readonly exchange: string;
  readonly redelivered: boolean;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly replyTo: string | undefined;
  /** With the charset, if its producer declares one. */
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** From the AMQP `timestamp`, when a plausible one was set. */
  readonly timestamp: Date | undefined;
  /** 0 when none was set. */
  readonly priority: number;
  /** AMQP `expiration`: how long the message was meant to live when it was published. */
  readonly expirationMs: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Aborted once the delivering channel is gone: the broker then hands the message to somebody else. */
  readonly signal: AbortSignal;
  /** Settles on the delivering channel; a no-op (returns false) when that channel is gone. */
  ack(): boolean;
  /** Gives the message back to the queue, near its head. */
  requeue(): boolean;
  /**
   * Asks the broker over the delivering channel whether it is still there. One round trip. A process that
   * was frozen finds out here that its message has gone to somebody else.
   */
  isHeld(): Promise<boolean>;
  /**
   * Publishes as {@link Broker.publishUntilConfirmed} does, over the delivering channel: what is confirmed was published by
   * whoever held the message then, also when the process was frozen meanwhile. No round trip more than the confirm's.
   *
   * @throws PublishError with code `RETURNED` or `INVALID`; the reason of `signal` once that is aborted, or the channel gone.
   */
  publishWhileHeld<Definition extends MessageDefinition>(
    definition: Definition,
    body: BodyOf<Definition>,
    options?: PublishOptions<Definition>,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** A queue to consume. */
export interface ConsumedQueue {
  /** Full queue name (prefix included). */
  readonly queue: string;
  /** Most messages of this queue that may be unacknowledged at once. */
  readonly prefetch: number;
}

/** Why a consumer puts a message aside before anybody works on it. Stable: people filter by it. */
export type ScreenReason = 'too-large' | 'unreadable-headers' | 'delivered-too-often';

/**
 * What messages may cost. Whoever publishes decides what comes; a message that is larger than the broker's
 * `maxMessageBytes`, or beyond these limits, is parked before anybody works on it, and the next one is next.
 */
export interface ConsumerLimits {
  /** Full name of the queue that takes what is put aside. */
  readonly parkedQueue: string;
  /** Default: the broker's. */
  readonly maxMessageBytes?: number;
  /**
   * Most bytes of bodies in hand. What arrives beyond them is given back, in order, and comes again when there is
   * room, which counts as a return. Default: no limit but `prefetch` messages.
   */
  readonly maxBytesInHand?: number;
  /** Whether what was given back must come again in its order. Default true, which costs the broker more. */
  readonly keepsOrder?: boolean;
  /**
   * How often a message may be handed out before it is taken for one that nobody survives. For queues whose messages
   * are given back only when something fails. Default: the queue's own limit.
   */
  readonly maxDeliveries?: number;
  /** Called for each message that was put aside. Must not throw. */
  readonly onParked?: (delivery: Delivery, why: { reason: ScreenReason; error: string }) => void;
}

export interface ConsumerOptions {
  /** All on one channel: they are lost together, and come back together. */
  readonly queues: readonly ConsumedQueue[];
  /**
   * Name of a lock (prefix included). Of all connections that give the same one, a single one consumes; the
   * others stand by and take over when its connection is gone. One connection may hold it for several consumers.
   */
  readonly lock?: string;
  /** Default: none, and bodies of any size. */
  readonly limits?: ConsumerLimits;
  /**
   * Called for each delivery, several at once up to `prefetch`, in the order of each queue. Must settle the
   * delivery. A rejection is logged and the message requeued after a pause; when there are nothing but rejections,
   * {@link Broker.reason} says so.
   */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
}

export interface Consumer {
  /** Whether the broker would deliver to us now. A renewal does not count as an interruption. */
  readonly active: boolean;
  /** Whether another connection holds the lock, so that there is nothing to do for us. */
  readonly standby: boolean;
  /** The last error of a handler that does nothing but fail. */
  readonly failing: string | undefined;
  /**
   * Gives back all that is not settled, as if the channel were lost, and consumes again at once on a new channel of
   * the same connection: a lock stays with us. A queue with a single active consumer delivers everything again in
   * its order; another kind may hand out later messages before the broker has taken the earlier ones back.
   *
   * Handlers see their `signal` aborted and are not waited for. Resolves when the new channel consumes, or the
   * attempt has failed and the consumer heals by itself; while the channel is lost anyway, at once.
   */
  renew(): Promise<void>;
  /**
   * Stops taking deliveries, waits up to 5 s for running handlers, then closes the channel, which returns
   * what was not settled, in order. Deliveries that arrive after the call began are left unsettled.
   */
  stop(): Promise<void>;
}

export interface QueueFacts {
  /** Messages that are ready, without those that somebody holds. */
  readonly messageCount: number;
  /** Of a queue with a single active consumer those that stand by may be left out. */
  readonly consumerCount: number;
}

export interface BrowseOptions {
  /** Of a larger body only its first kilobyte is read. Default: none is too large. */
  readonly maxMessageBytes?: number;
  /**
   * Reads up to a mark that is put into the queue now, and so all that was confirmed before, for certain. Without it the broker is asked
   * how many messages there are: in a cluster whose leader has just changed it may say too few. Default false.
   */
  readonly upToMark?: boolean;
}

/** A message that is looked at. It goes back into its queue unless it is removed. */
export interface BrowsedMessage {
  readonly content: Buffer;
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly type: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** 0 when none was set. */
  readonly priority: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Takes the message out of the queue. It does not come back. */
  remove(): void;
}

/** Holds what it has read, so that nobody else gets it meanwhile; `close()` puts it back, in order. */
export interface QueueBrowser {
  /** How many messages the queue held when it was opened. What somebody else was reading then is not among them. */
  readonly messageCount: number;
  /**
   * The next message, oldest first; `undefined` once as many were read as the queue held at first. What is
   * added meanwhile is not seen, so that a reader who puts messages back elsewhere comes to an end.
   */
  next(): Promise<BrowsedMessage | undefined>;
  close(): Promise<void>;
}

export interface ListenerOptions {
  /** Pattern of routing keys on the topic exchange. */
  readonly pattern: string;
  /** Called for each message that is not too large; one that is is ignored, with a warning. Must not throw. */
  readonly onMessage: (content: Buffer, heard: HeardMessage) => void;
  /** Called whenever copies begin to come: at first, and again after each interruption. Must not throw. */
  readonly onSubscribed?: () => void;
  /** Called whenever copies cease to come, until `onSubscribed` is called again. Must not throw. */
  readonly onInterrupted?: () => void;
}

/** What is known of a copy beside its body. */
export interface HeardMessage {
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Listener {
  stop(): Promise<void>;
}

export interface ReplyQueueOptions {
  /** Called for each reply that is not too large. Must not throw. */
  readonly onReply: (content: Buffer, correlationId: string | undefined) => void;
}

export interface ReplyQueue {
  /** What to give as `replyTo`; undefined while there is no connection. */
  readonly name: string | undefined;
  stop(): Promise<void>;
}

export interface ForeignBindingsOptions {
  /** Full name of a queue of ours. */
  readonly queue: string;
  /** Name of an exchange of others, which is never declared. */
  readonly exchange: string;
  readonly patterns: readonly string[];
  /** Default: half a minute. */
  readonly bindEveryMs?: number;
}

export interface ForeignBindings {
  /** Why the queue is not bound, for people; undefined while it is. */
  readonly notice: string | undefined;
  /** No further tries. What is bound stays so. */
  stop(): Promise<void>;
}
