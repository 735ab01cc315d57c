/** How to reach the chat. One of `rabbitmqUrl` and `gatewayUrl` is needed. */
export interface ProducerOptions {
  /** `amqp://user:password@host:port/vhost`, or those of several nodes of a cluster. Secret; in no error and no file. */
  readonly rabbitmqUrl?: string | readonly string[] | undefined;
  /** Default `source_exchange`. */
  readonly exchange?: string | undefined;
  /** For example `https://chat.example.org`. `/send` is put behind it. */
  readonly gatewayUrl?: string | undefined;
  /** The token of the source, or the gateway's password. Secret. */
  readonly token?: string | undefined;
  /** Who is speaking: a slug such as `ups`. */
  readonly source: string;
  /** How to post when nobody else does. Without it a message that cannot be handed over waits in the spool. */
  readonly fallback?: FallbackOptions | undefined;
  /** Where accepted messages are kept until they are done. Without it they are only as safe as the process. */
  readonly spoolFile?: string | undefined;
  /** How long a connection to the broker or the gateway may take, in milliseconds. Default 3000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How far the clocks of producer and relay may differ, in milliseconds: the producer posts by itself so much later
   * than the relay may begin to. Default 2000.
   */
  readonly clockMarginMs?: number | undefined;
  /** How often what waits in the spool is tried again by itself, in milliseconds. Default 15 000. */
  readonly retryMs?: number | undefined;
}

export interface FallbackOptions {
  /** Secret: whoever has it can post. */
  readonly botId: string;
  /** Default `https://api.groupme.com/v3`. */
  readonly apiUrl?: string | undefined;
  /** Secret. With it a post whose answer was not seen is looked for in the chat. */
  readonly groupmeAccessToken?: string | undefined;
}

export interface SendOptions {
  readonly body: string;
  /** http(s) addresses. The relay attaches them; a post of the producer's own only names how many are missing. */
  readonly images?: readonly string[] | undefined;
  /** Overtakes everything that is not. On the gateway the token must be one made with `--urgent`. */
  readonly urgent?: boolean | undefined;
  /**
   * How long the relay has to post it, in milliseconds. Default 8000; 0: do not wait for the relay. Less if `timeoutMs`
   * would not leave `clockMarginMs` and 4 seconds for a post of its own; if there is not so much, it posts at once.
   */
  readonly waitMs?: number | undefined;
  /** When to stop trying, in milliseconds from its turn on; what is not done then waits in the spool. Default 45 000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Default: a new UUID. The same words and images under the same id are one message and have one result; other ones are
   * refused (`ID_REUSED`). So long as it is in the spool, or among the last 1,000 that this process has settled.
   */
  readonly wborMessageId?: string | undefined;
}

export interface SendResult {
  readonly wborMessageId: string;
  /**
   * - `relay`: the relay has it, and nobody else will post it.
   * - `fallback`: this producer has posted it.
   * - `spool`: it is not in the chat; {@link Producer.drain} goes on with it.
   */
  readonly deliveredBy: 'relay' | 'fallback' | 'spool';
  /**
   * - `delivered`: GroupMe has it.
   * - `posting`: the relay has begun, and had not ended when time was up.
   * - `queued`: the broker, or the gateway, has stored it for the relay.
   * - `in-doubt`: it went out, and nobody knows whether GroupMe took all of it. It is not repeated,
   *   unless a token is set and the chat does not show it, once that can be read.
   * - `failed`: it will not be in the chat; `reason` says why.
   * - `waiting`: in the spool.
   */
  readonly state: 'delivered' | 'posting' | 'queued' | 'in-doubt' | 'failed' | 'waiting';
  /** Of a post of its own: each call of GroupMe. */
  readonly calls?: readonly CallReport[];
  /** Why it was not the relay, or is not delivered. For people. */
  readonly reason?: string;
  /** Whether it was written to the spool's file when it was accepted. */
  readonly spooled: boolean;
}

export interface CallReport {
  readonly part: number;
  readonly parts: number;
  /** The HTTP status; 0 when no answer came. */
  readonly code: number;
  readonly outcome: 'delivered' | 'refused' | 'unreachable' | 'unknown' | 'misconfigured' | 'rejected';
}

export interface ProducerStatus {
  /** Messages that are not done. */
  readonly messages: number;
  /** Epoch milliseconds of the oldest of them. */
  readonly oldestAt: number | undefined;
  /** Calls of GroupMe that the audit has not heard of. */
  readonly logs: number;
  /** Posts in doubt since the producer was created, and those whose log is in the spool. */
  readonly inDoubt: number;
  /** Why the spool cannot be written. */
  readonly spoolFault: string | undefined;
}

/** Sends messages to the chat, one after another, in the order of the calls. */
export interface Producer {
  /**
   * Accepts a message by writing it to the spool, then gets it into the chat: by the relay, else by a post of its own.
   * Resolves in any weather once `timeoutMs` is over.
   *
   * @throws ProducerError with code INVALID_MESSAGE, CLOSED, ID_REUSED when its id is that of another message, or NOT_ACCEPTED
   * when it could be neither delivered nor kept.
   */
  send(message: SendOptions): Promise<SendResult>;
  /** Goes on with what is in the spool, also what a process that is gone left there. Resolves with what is left. */
  drain(options?: { readonly timeoutMs?: number }): Promise<ProducerStatus>;
  status(): Promise<ProducerStatus>;
  /** Waits for running sends, then lets go of broker and spool. What is in the spool stays there. */
  close(): Promise<void>;
}

/** Stable, for programs. */
export type ProducerErrorCode =
  | 'INVALID_OPTIONS'
  | 'INVALID_MESSAGE'
  | 'ID_REUSED'
  | 'NOT_ACCEPTED'
  | 'CLOSED';
