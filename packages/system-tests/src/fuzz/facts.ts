import type { Answer } from './senders.ts';

/** An input that was sent, without its bytes. */
export interface SentInput {
  readonly token: string;
  readonly kind: 'amqp' | 'http' | 'chat';
  readonly what: string;
  /** Of AMQP messages: where it went, and whether a queue of ours takes what comes there. */
  readonly exchange?: 'source' | 'default';
  readonly key?: string;
  /** Hexadecimal SHA-256 of the body: what is too large is kept aside as that. */
  readonly sha256?: string;
  readonly answer: Answer;
}

export interface GoodMessage {
  readonly token: string;
  readonly via: 'exchange' | 'sms' | 'http' | 'bots' | 'hook' | 'endec' | 'twilio';
  /** Milliseconds since the epoch; null when it was never accepted. */
  acceptedAtMs: number | null;
  /** When it was first seen in the chat. */
  arrivedAtMs: number | null;
}

export interface ProcessFacts {
  readonly app: string;
  /** Whether the process that was started is the one that still runs. */
  readonly running: boolean;
  readonly ready: boolean;
  /** What `/readyz` says. */
  readonly readiness: string;
  /** The most memory that it ever had, in MiB; null where the system does not tell. */
  readonly peakMiB: number | null;
  /** Log lines that tell of a lost connection or channel. */
  readonly reconnects: readonly string[];
}

/** All that is known when a run is over. */
export interface FuzzFacts {
  readonly sent: readonly SentInput[];
  readonly good: readonly GoodMessage[];
  /** How often each good token stands at the beginning of a message in the chat. */
  readonly goodPosts: ReadonlyMap<string, number>;
  /** Tokens of bad ones, by where they were found. */
  readonly posted: ReadonlySet<string>;
  readonly parked: ReadonlySet<string>;
  readonly parkedDigests: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  readonly rejected: ReadonlySet<string>;
  /** GroupMe's ids of what was said in the chat, as the audit has them. */
  readonly callbackIds: ReadonlySet<string>;
  /** SMS without words or pictures, which leave a line in the relay's log and no more. */
  readonly emptySms: ReadonlySet<string>;
  /** Connections of the services that are not those of the beginning. */
  readonly lostConnections: number;
  readonly queuesLeft: Readonly<Record<string, number>>;
  readonly processes: readonly ProcessFacts[];
}
