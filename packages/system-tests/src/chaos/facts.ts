/** A message as its producer knows it. */
export interface SentMessage {
  readonly number: number;
  readonly id: string;
  /** Messages of one source are sent one after the other, each when the one before was accepted. */
  readonly source: string;
  readonly urgent: boolean;
  readonly words: number;
  readonly hasPicture: boolean;
  /** Milliseconds since the epoch; null when nobody ever confirmed it. */
  acceptedAtMs: number | null;
  /** Sent by the SDK. */
  readonly sdk?: SdkMessage;
}

/** What an SDK's producer knows of its message beyond that. It is accepted once it is in the spool. */
export interface SdkMessage {
  readonly producer: SdkName;
  /** How the SDK said that it ended; null when it was killed before. */
  told: {
    readonly deliveredBy: string;
    readonly state: string;
    readonly reason: string | null;
    readonly atMs: number;
  } | null;
}

export const SDK_NAMES = ['sdk-amqp', 'sdk-http'] as const;
export type SdkName = (typeof SDK_NAMES)[number];

/** What the bot said in the chat. */
export interface ChatPost {
  readonly chatId: string;
  readonly text: string | null;
  readonly pictureUrl: string | null;
  readonly atMs: number;
  readonly by: 'relay' | 'sdk';
}

/** A call that reached GroupMe. */
export interface ApiCall {
  /** What was posted or uploaded: the same for a call and its audit row. */
  readonly key: string;
  readonly atMs: number;
  /** Null when it was never answered. */
  readonly status: number | null;
  /** The simulator's fault that struck. */
  readonly fault: string | null;
  /** Whether it made a post in the chat. */
  readonly accepted: boolean;
}

/** A call as the audit has it. */
export interface CallRow {
  readonly key: string;
  readonly messageId: string;
  readonly part: number | null;
  readonly attempt: number | null;
  readonly sentAtMs: number;
  readonly durationMs: number | null;
  /** 0 when no answer came. */
  readonly code: number;
  readonly outcome: string;
}

interface Callback {
  readonly chatId: string;
  readonly fromBot: boolean;
  readonly delivered: boolean;
}

export interface FaultRecord {
  readonly number: number;
  readonly what: string;
  readonly kind: 'kill' | 'freeze' | 'producer' | 'broker' | 'postgres' | 'network' | 'groupme';
  /** The process or the producer, for kills and freezes; the network's end. */
  readonly target: string;
  readonly startMs: number;
  /** When it was undone. */
  endMs: number;
}

export interface UnexpectedExit {
  readonly process: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  readonly lastLines: readonly string[];
}

export interface ProcessMemory {
  readonly process: string;
  /** Of the incarnation that ran last. */
  readonly startMiB: number | null;
  readonly endMiB: number | null;
  readonly uptimeSeconds: number;
}

/** All that is known when a run is over. Everything in it is plain JSON. */
export interface ChaosFacts {
  readonly messages: readonly SentMessage[];
  /** In the order of the chat. */
  readonly chat: readonly ChatPost[];
  /** Bodies in the parked queue. */
  readonly parked: readonly { readonly messageId: string; readonly body: string }[];
  readonly postCalls: readonly ApiCall[];
  readonly uploadCalls: readonly ApiCall[];
  readonly postRows: readonly CallRow[];
  /** Calls of bots/post by the SDK, and the rows of what producers said that they had posted. */
  readonly ownCalls: readonly ApiCall[];
  readonly ownRows: readonly CallRow[];
  /** Ids of messages that the relay left to their producers, since it was too late. */
  readonly expiredIds: readonly string[];
  /** Producers whose spool was not empty in the end, and what was left. */
  readonly spoolsLeft: readonly string[];
  readonly imageRows: readonly CallRow[];
  readonly callbacks: readonly Callback[];
  /** GroupMe's message ids, one for each row. */
  readonly echoRows: readonly string[];
  readonly callbackRows: readonly string[];
  readonly auditRejected: number;
  readonly auditParked: number;
  /** Queues that had not emptied when the wait was over. */
  readonly queuesLeft: Readonly<Record<string, number>>;
  readonly faults: readonly FaultRecord[];
  readonly exits: readonly UnexpectedExit[];
  readonly memory: readonly ProcessMemory[];
  /** What a process says that is not ready though everything is mended. */
  readonly notReady: readonly string[];
}
