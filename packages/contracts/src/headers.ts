// What each header means is said once, in the table below: the generated documents are made of it.
export const DELIVER_BY_HEADER = 'x-deliver-by';
export const NO_FALLBACK_HEADER = 'x-no-fallback';
export const ALREADY_SENT_HEADER = 'alreadysent';
export const INTERIM_REPLY_HEADER = 'x-interim-reply';
export const RETRY_COUNT_HEADER = 'x-retry-count';
export const ORIGINAL_KEY_HEADER = 'x-original-routing-key';
export const IN_DOUBT_HEADER = 'x-in-doubt';
export const LOW_PRIORITY_HEADER = 'x-low-priority';
export const PLAN_ID_HEADER = 'x-plan-id';

/** Headers that parking adds; replaying takes them off again. */
export const PARKED_HEADERS = {
  reason: 'x-parked-reason',
  error: 'x-parked-error',
  queue: 'x-parked-queue',
  exchange: 'x-parked-exchange',
  routingKey: 'x-parked-routing-key',
  at: 'x-parked-at',
  messageId: 'x-parked-message-id',
  leftOut: 'x-parked-left-out',
} as const;

/** AMQP priority from which on a message is an emergency: it overtakes everything else on its way to the chat. */
export const URGENT_PRIORITY = 5;

export interface HeaderDefinition {
  readonly type: 'integer' | 'boolean' | 'string';
  /** Public headers are for producers; the services set the others among themselves. */
  readonly audience: 'public' | 'internal';
  readonly summary: string;
}

/** Every header that means something to us. Other headers travel along and are ignored. */
export const headerDefinitions: Readonly<Record<string, HeaderDefinition>> = {
  [DELIVER_BY_HEADER]: {
    type: 'integer',
    audience: 'public',
    summary:
      'Epoch milliseconds. From then on the producer has posted by itself: a message of which no part is in the chat yet is not posted any more. Seconds, finer units, an AMQP timestamp and an ISO date with its zone are understood as well; what cannot be a deadline is ignored with a warning. AMQP `expiration` means the same, counted from `timestamp`, or from its arrival where that cannot be true.',
  },
  [NO_FALLBACK_HEADER]: {
    type: 'boolean',
    audience: 'public',
    summary:
      'On an SMS: nobody posts it but the relay. `SMS_DEADLINE_SECONDS` does not count for it, and nothing is acknowledged at `ACK_URL`. The gateway sets it on what comes from Twilio itself.',
  },
  [ALREADY_SENT_HEADER]: {
    type: 'boolean',
    audience: 'public',
    summary:
      'The producer has posted this to GroupMe by itself: it is only logged. `true`; other numbers than 0 and texts such as "True" and "yes" count as well.',
  },
  [INTERIM_REPLY_HEADER]: {
    type: 'boolean',
    audience: 'public',
    summary:
      'With `reply_to`: the producer wants to hear that its message is about to be posted, before it is. With `x-deliver-by` too, nothing is posted of which it could not be told. A producer that takes any reply for the last one must not set it.',
  },
  [RETRY_COUNT_HEADER]: {
    type: 'integer',
    audience: 'public',
    summary: 'Always 0. The original service set it, and consumers of other teams may read it.',
  },
  traceparent: {
    type: 'string',
    audience: 'public',
    summary:
      'W3C Trace Context: of which trace the message is, where traces are exported. What is none is ignored. `tracestate` goes with it.',
  },
  [ORIGINAL_KEY_HEADER]: {
    type: 'string',
    audience: 'internal',
    summary:
      'The routing key that a replayed message first came with: a replay goes to its queue by name, through the default exchange.',
  },
  [IN_DOUBT_HEADER]: {
    type: 'boolean',
    audience: 'internal',
    summary: 'The source message was delivered before, so what it asks for may be in the chat already.',
  },
  [LOW_PRIORITY_HEADER]: {
    type: 'boolean',
    audience: 'internal',
    summary:
      "The relay's own words, for example that a message was parked, and tests of the EAS: all that is in hand passes them.",
  },
  [PLAN_ID_HEADER]: {
    type: 'string',
    audience: 'internal',
    summary:
      'AMQP id of the planned message that a call of bots/post belongs to. A relay that takes over finds its calls by it.',
  },
  [PARKED_HEADERS.reason]: {
    type: 'string',
    audience: 'internal',
    summary: 'Why the message was parked, as a stable code to filter by.',
  },
  [PARKED_HEADERS.error]: {
    type: 'string',
    audience: 'internal',
    summary: 'What was wrong with it, for people.',
  },
  [PARKED_HEADERS.queue]: {
    type: 'string',
    audience: 'internal',
    summary: 'Full name of the queue that it came from, to which it is replayed.',
  },
  [PARKED_HEADERS.exchange]: {
    type: 'string',
    audience: 'internal',
    summary: 'The exchange that it came through; empty for the default exchange.',
  },
  [PARKED_HEADERS.routingKey]: {
    type: 'string',
    audience: 'internal',
    summary: 'The routing key that it was first published with.',
  },
  [PARKED_HEADERS.at]: { type: 'string', audience: 'internal', summary: 'When it was parked, ISO 8601.' },
  [PARKED_HEADERS.messageId]: {
    type: 'string',
    audience: 'internal',
    summary: 'Its `wbor_message_id`, when it could be read.',
  },
  [PARKED_HEADERS.leftOut]: {
    type: 'string',
    audience: 'internal',
    summary: 'Names of its headers that were too large, or too odd, to be kept.',
  },
};

/**
 * When a message came into a parking queue: the relay's or the moderator's word for it, or the broker's where that put it
 * aside by itself. Undefined when nobody says so.
 */
export function parkedAtOf(headers: Readonly<Record<string, unknown>>): Date | undefined {
  const at = headers[PARKED_HEADERS.at];
  const date = typeof at === 'string' ? new Date(at) : diedAt(headers['x-death']);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

/** The broker counts in seconds, and the client library marks what was a timestamp. */
function diedAt(deaths: unknown): Date | undefined {
  const time: unknown = Array.isArray(deaths)
    ? (deaths[0] as { time?: unknown } | undefined)?.time
    : undefined;
  const seconds = typeof time === 'object' && time !== null && 'value' in time ? time.value : time;
  return typeof seconds === 'number' ? new Date(seconds * 1000) : undefined;
}
