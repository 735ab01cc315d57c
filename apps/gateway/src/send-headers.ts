import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from './errors.ts';

/** What the headers of a `/send` ask for. */
export interface SendHeaders {
  /** Names the message for its source, for callers that have no id of their own. */
  readonly idempotencyKey: string | undefined;
  /** How long the caller waits for the relay; 0 when it does not. */
  readonly waitSeconds: number;
  /** Epoch milliseconds: from then on the caller posts by itself. */
  readonly deliverBy: number | undefined;
}

const MAX_KEY_LENGTH = 255;
const MAX_WAIT_SECONDS = 25;

/** Year 2001 in milliseconds, and far beyond any time in seconds. */
const MIN_EPOCH_MS = 1_000_000_000_000;

/** @throws GatewayError 400 for a key or a deadline that is none; a preference that is none is no preference. */
export function readSendHeaders(headers: IncomingHttpHeaders): SendHeaders {
  const key = single(headers['idempotency-key'])?.trim();
  if (key !== undefined && (key === '' || key.length > MAX_KEY_LENGTH)) {
    throw invalid('Idempotency-Key', `takes 1 to ${MAX_KEY_LENGTH} characters`);
  }
  return {
    idempotencyKey: key,
    waitSeconds: readWait(single(headers.prefer) ?? ''),
    deliverBy: readDeliverBy(single(headers['x-deliver-by'])),
  };
}

/** RFC 7240: `wait=10`, among other preferences. */
function readWait(prefer: string): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=[,;]|$)/i.exec(prefer) ?? [];
  return Math.min(Number(seconds ?? 0), MAX_WAIT_SECONDS);
}

function readDeliverBy(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
  if (ms < MIN_EPOCH_MS) throw invalid('X-Deliver-By', 'takes epoch milliseconds');
  return ms;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function invalid(path: string, message: string): GatewayError {
  return new GatewayError(400, 'INVALID_REQUEST', `${path}: ${message}`, { faults: [{ path, message }] });
}
