import type { Delivery } from '@wbor/amqp';
import { DELIVER_BY_HEADER } from '@wbor/contracts';
import { headerOf } from './sources/source.ts';

/** When a producer posts by itself. */
interface Deadline {
  /** Epoch milliseconds. */
  readonly deliverBy?: number;
  /** What of it was ignored and why, for people; never what was in it. */
  readonly ignored?: string;
  /** Whether it was not as the contract says. */
  readonly isRepaired: boolean;
}

/** No message waits in a queue for so long. What names an earlier time is of a clock that was never set, or counts something else. */
const LONGEST_PAST_MS = 30 * 24 * 3_600_000;
/** A deadline beyond holds nothing up that a person would wait for. */
const LONGEST_MS = 5 * 366 * 24 * 3_600_000;
/** Clocks differ. What was sent any later than this was sent by a clock that is wrong. */
const CLOCK_SLACK_MS = 60_000;

/**
 * The moment until which the producer waits before it posts by itself: the header `x-deliver-by`, or the message's own
 * expiration. What cannot be a deadline is none: a message too many in the chat is better than none at all.
 *
 * @param patienceMs how long the producer is known to wait when it does not say, counted from the message's timestamp where that
 *   can be true.
 */
export function deadlineOf(
  delivery: Pick<Delivery, 'headers' | 'expirationMs' | 'timestamp'>,
  nowMs: number,
  patienceMs?: number,
): Deadline {
  const header = headerOf(delivery.headers, DELIVER_BY_HEADER);
  const read = isMissing(header) ? undefined : readMoment(header);
  if (typeof read === 'number' && isPlausible(read, nowMs)) {
    return { deliverBy: Math.trunc(read), isRepaired: read !== header };
  }
  const fault = typeof read === 'number' ? 'an implausible time' : read;
  const ofExpiration = readExpiration(delivery, nowMs);
  const own = fault === undefined ? ofExpiration : { ...ofExpiration, ignored: fault, isRepaired: true };
  if (own.deliverBy !== undefined || patienceMs === undefined) return own;
  return { ...own, deliverBy: sentAtMs(delivery, nowMs) + patienceMs };
}

/**
 * When a message was published, in epoch milliseconds. AMQP's timestamps are whole seconds: of the second it is the end, or
 * now. Without one that can be true it is now.
 */
export function publishedAtMs({ timestamp }: Pick<Delivery, 'timestamp'>, nowMs: number): number {
  return Math.min(sentAtMs({ timestamp }, nowMs) + 999, nowMs);
}

/** A message may have waited for us, and for as long its producer has waited too. */
function sentAtMs({ timestamp }: Pick<Delivery, 'timestamp'>, nowMs: number): number {
  const sentAt = timestamp?.getTime() ?? nowMs;
  return isPlausible(sentAt, nowMs) ? Math.min(sentAt, nowMs) : nowMs;
}

/**
 * It is counted from the message's timestamp where that can be true. The broker throws away what has expired, by its own
 * clock; so the timestamp of a message that has come here and would have expired is of a clock that is wrong, or the
 * message was kept elsewhere meanwhile. Then it is counted from now.
 */
function readExpiration(
  { expirationMs, timestamp }: Pick<Delivery, 'expirationMs' | 'timestamp'>,
  nowMs: number,
): Deadline {
  if (expirationMs === undefined) return { isRepaired: false };
  if (expirationMs === 0) return { ignored: 'an expiration of no time at all', isRepaired: true };
  const sentAt = timestamp?.getTime() ?? nowMs;
  if (sentAt + expirationMs <= nowMs || sentAt > nowMs + CLOCK_SLACK_MS) {
    const ignored = 'a timestamp that the expiration gives the lie: counted from now';
    return { deliverBy: nowMs + expirationMs, ignored, isRepaired: true };
  }
  return { deliverBy: Math.min(sentAt, nowMs) + expirationMs, isRepaired: false };
}

function isMissing(header: unknown): boolean {
  return header === undefined || header === null || (typeof header === 'string' && header.trim() === '');
}

function isPlausible(ms: number, nowMs: number): boolean {
  return ms >= nowMs - LONGEST_PAST_MS && ms <= nowMs + LONGEST_MS;
}

/** Epoch milliseconds, or why it is no moment at all. */
function readMoment(header: unknown): number | string {
  if (typeof header === 'number') return readNumber(header);
  if (typeof header === 'bigint') return readNumber(Number(header));
  if (Buffer.isBuffer(header)) return readText(header.toString('latin1'));
  if (typeof header === 'string') return readText(header);
  // AMQP has a type of its own for moments, and amqplib says so like this.
  if (isTimestamp(header)) return readNumber(header.value);
  return 'neither a number nor a date';
}

function isTimestamp(header: unknown): header is { value: number } {
  return (
    typeof header === 'object' &&
    header !== null &&
    '!' in header &&
    header['!'] === 'timestamp' &&
    'value' in header &&
    typeof header.value === 'number'
  );
}

/** Today's time in seconds has ten digits, in milliseconds thirteen, and three more for each finer unit. */
function readNumber(value: number): number | string {
  if (!Number.isFinite(value)) return 'not a number';
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1_000 : value / 1_000_000;
}

/** Without its zone a date may be of anywhere. */
const DATE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)? ?(?:Z|[+-]\d{2}:\d{2})$/i;

function readText(raw: string): number | string {
  const text = raw.trim();
  if (/^[+-]?\d+(?:\.\d*)?(?:e\+?\d+)?$/i.test(text)) return readNumber(Number(text));
  const date = text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  return DATE.test(date) ? Date.parse(date) : 'neither a number nor a date with its zone';
}
