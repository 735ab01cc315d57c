import { sleep } from '@wbor/async';
import { GroupMeError, GroupMeUnreachableError, TransportError } from '@wbor/groupme';
import { createHttp } from '@wbor/groupme/http';
import { UNSEEN } from '../log-body.ts';
import type { AcceptedMessage } from '../spool/records.ts';
import type { Offer, OfferTerms, Route, Settled } from './route.ts';

export interface HttpRouteOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly connectTimeoutMs: number;
  readonly clockMarginMs: number;
}

/** The gateway waits no longer. */
const MAX_WAIT_SECONDS = 25;
const RETRY_MS = 500;
/** How often the gateway is asked for the end of a post that the relay has begun. */
const ASK_MS = 1_000;
/** A gateway that does not wait for the relay answers within this. */
const ANSWER_TIMEOUT_MS = 12_000;
/** A gateway that waits for the relay answers so soon after the deadline and the margin. */
const ANSWER_MARGIN_MS = 500;
/** A gateway that has just said nothing is asked no longer. */
const SILENT_ASK_MS = 1_000;

/** The gateway's codes for a message that the broker has certainly not kept. */
const NOT_STORED: readonly unknown[] = ['BROKER_UNAVAILABLE', 'NO_RECEIVER'];

interface Answer {
  readonly status: number;
  readonly body: {
    readonly status?: unknown;
    readonly code?: unknown;
    readonly message?: unknown;
    readonly at?: unknown;
    readonly delivered_parts?: unknown;
    readonly source?: unknown;
    readonly wbor_message_id?: unknown;
  };
  readonly retryAfterMs: number;
}

/** To the relay through the gateway's `/send`. */
export function createHttpRoute(options: HttpRouteOptions): Route {
  const url = `${options.url.replace(/\/+$/, '')}/send`;
  const authorization: Record<string, string> =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };

  // Its errors are named for GroupMe. What they say of a request, whether it was written to a connection, is true of any host.
  const http = createHttp({
    userAgent: 'wbor-producer',
    connectTimeoutMs: options.connectTimeoutMs,
    responseTimeoutMs: (MAX_WAIT_SECONDS + 5) * 1_000,
    redact: () => '',
  });

  async function call(
    request: { method: 'GET' | 'POST'; url: string; headers?: Record<string, string>; body?: string },
    timeoutMs: number,
  ): Promise<Answer> {
    const answer = await http.send({
      ...request,
      url: new URL(request.url),
      headers: { ...authorization, ...request.headers },
      timeoutMs: Math.max(1, Math.ceil(timeoutMs)),
    });
    return {
      status: answer.status,
      body: parseObject(answer.body),
      retryAfterMs: Number(answer.header('retry-after') ?? 0) * 1_000 || RETRY_MS,
    };
  }

  function post(body: object, headers: Record<string, string>, timeoutMs: number): Promise<Answer> {
    const json = { 'content-type': 'application/json', ...headers };
    return call({ method: 'POST', url, headers: json, body: JSON.stringify(body) }, timeoutMs);
  }

  async function offerOnce(
    message: AcceptedMessage,
    { deliverBy, until }: OfferTerms,
  ): Promise<Offer | Retry> {
    const settledAt = deliverBy === undefined ? undefined : deliverBy + options.clockMarginMs;
    const waitMs = settledAt === undefined ? 0 : Math.max(0, settledAt - Date.now());
    const seconds = Math.min(Math.ceil(waitMs / 1_000) + 1, MAX_WAIT_SECONDS);
    const headers: Record<string, string> =
      deliverBy === undefined
        ? {}
        : { prefer: `wait=${seconds}`, 'x-deliver-by': String(Math.round(deliverBy)) };
    try {
      const timeoutMs = deliverBy === undefined ? ANSWER_TIMEOUT_MS : waitMs + ANSWER_MARGIN_MS;
      const answer = readAnswer(
        await post(toRequest(message), headers, Math.min(timeoutMs, until - Date.now())),
      );
      if (answer.kind !== 'queued' || deliverBy === undefined) return answer;
      // It may still expire there.
      const reason = 'the gateway has stored it, and says nothing of a post';
      return { kind: 'retry', reason, afterMs: ASK_MS, mayBeStored: true };
    } catch (error) {
      // A code and no words, which may repeat the address.
      const { cause } = error instanceof GroupMeError ? error : {};
      const code = cause instanceof TransportError ? cause.code : 'the connection failed';
      if (error instanceof GroupMeUnreachableError) {
        return { kind: 'not-taken', reason: `the gateway was not reached: ${code}` };
      }
      const reason = `the gateway gave no answer: ${code}`;
      const isSilent = code === 'RESPONSE_TIMEOUT';
      return { kind: 'retry', reason, afterMs: RETRY_MS, mayBeStored: true, isSilent };
    }
  }

  /** What the gateway has heard of a message. */
  async function ask(message: AcceptedMessage, timeoutMs: number): Promise<Answer['body']> {
    try {
      const { body, status } = await call(
        { method: 'GET', url: `${url}/${encodeURIComponent(message.id)}` },
        timeoutMs,
      );
      const isIts = body.wbor_message_id === message.id && body.source === message.source;
      return status === 200 && isIts ? body : {};
    } catch {
      return {};
    }
  }

  /** Waits for the end of a post that the relay has begun. The relay may take that back as long as GroupMe has nothing. */
  async function follow(message: AcceptedMessage, { deliverBy, waitUntil }: OfferTerms): Promise<Offer> {
    for (;;) {
      const leftMs = Math.max(SILENT_ASK_MS, waitUntil - Date.now());
      const settled = readState(await ask(message, Math.min(options.connectTimeoutMs, leftMs)), deliverBy);
      if (settled !== undefined) return settled;
      if (Date.now() + ASK_MS > waitUntil) return { kind: 'posting' };
      await sleep(ASK_MS);
    }
  }

  return {
    async offer(message, terms) {
      await terms.beforeOffer();
      const { deliverBy } = terms;
      let doubt: string | undefined;
      let isSilent = false;
      for (;;) {
        const offer = await offerOnce(message, terms);
        if (offer.kind === 'posting') return follow(message, terms);
        if (offer.kind === 'not-taken') {
          if (doubt === undefined) return offer;
        } else if (offer.kind !== 'retry') return offer;
        else if (offer.mayBeStored) doubt = offer.reason;
        isSilent = offer.kind === 'retry' && offer.isSilent === true;
        const afterMs = offer.kind === 'retry' ? offer.afterMs : RETRY_MS;
        // After the deadline the gateway says that it does not take the message, which tells nothing of an earlier copy.
        if (deliverBy !== undefined && Date.now() + afterMs < deliverBy) {
          await sleep(afterMs);
          continue;
        }
        if (doubt === undefined) return { kind: 'not-taken', reason: offer.reason };
        if (deliverBy !== undefined) {
          await sleep(Math.max(0, deliverBy + options.clockMarginMs - Date.now()));
        }
        const askMs = isSilent ? SILENT_ASK_MS : options.connectTimeoutMs;
        const { status } = await ask(message, Math.min(askMs, terms.until - Date.now()));
        const isBegun = status === 'posting' || status === 'delivered' || status === 'failed';
        return isBegun ? follow(message, terms) : { kind: 'silent', reason: doubt };
      }
    },
    async recall(message, deliverBy, until) {
      const timeoutMs = Math.min(options.connectTimeoutMs, until - Date.now());
      return readState(await ask(message, timeoutMs), deliverBy);
    },
    async log(message, { call, result = UNSEEN }, until) {
      try {
        const { body, status } = await post(
          {
            source: message.source,
            body: call.text,
            wbor_message_id: message.id,
            alreadysent: true,
            statuscode: result.code,
          },
          // Two calls for one text may have had one answer, and each has a row.
          { 'idempotency-key': call.callId },
          Math.min(ANSWER_TIMEOUT_MS, until - Date.now()),
        );
        if (status === 202 && body.status === 'queued') return 'stored';
        return status >= 400 && status < 500 && status !== 429 ? 'refused' : 'not-now';
      } catch {
        return 'not-now';
      }
    },
    close: () => http.close(),
  };
}

interface Retry {
  readonly kind: 'retry';
  readonly reason: string;
  readonly afterMs: number;
  readonly mayBeStored: boolean;
  /** The gateway has said nothing. */
  readonly isSilent?: boolean;
}

/** The same content each time: by it, and by its id, the gateway and the relay know a repeat. */
function toRequest({ body, id, images, source, urgent }: AcceptedMessage) {
  const more = { ...(images.length > 0 ? { images } : {}), ...(urgent ? { urgent } : {}) };
  return { source, body, wbor_message_id: id, ...more };
}

/**
 * What an answer says. Only the gateway's own words settle anything: a proxy before it answers 502, 503 and 504 for
 * requests that have arrived, too, and may answer 200 with a page of its own.
 */
function readAnswer({ body, retryAfterMs, status }: Answer): Offer | Retry {
  const reason = `the gateway answered ${status}${typeof body.message === 'string' ? `: ${body.message}` : ''}`;
  if (status === 200 && body.status === 'delivered') return { kind: 'delivered' };
  if (status === 202 && body.status === 'posting') return { kind: 'posting' };
  if (status === 202 && body.status === 'queued') return { kind: 'queued' };
  if (status === 504 && body.code === 'NOT_POSTED') return { kind: 'not-taken', reason };
  // The relay has tried, or cannot read it.
  if (status === 502 && body.code === 'NOT_DELIVERED') return { kind: 'failed', reason };
  if (status === 502 && body.code === 'IN_DOUBT') return { kind: 'in-doubt', reason };
  if (status === 503 && NOT_STORED.includes(body.code)) return { kind: 'not-taken', reason };
  if (status === 429) return { kind: 'retry', reason, afterMs: retryAfterMs, mayBeStored: false };
  // A refusal of the gateway's, or of a proxy that has passed nothing on.
  if (status >= 300 && status < 500) return { kind: 'not-taken', reason };
  return { kind: 'retry', reason, afterMs: retryAfterMs, mayBeStored: true };
}

/** What the gateway's state of a message settles. `posting` does not: a call that failed may have been all there was. */
function readState(state: Answer['body'], deliverBy: number | undefined): Settled | undefined {
  const { at, code, delivered_parts: delivered, status } = state;
  if (status === 'delivered') return { kind: 'delivered' };
  // Parts of it may be in the chat; without GroupMe's word all of it.
  if (status === 'failed') {
    return { kind: code === 0 ? 'in-doubt' : 'failed', reason: 'the relay could not post it' };
  }
  if (status === 'blocked') return { kind: 'failed', reason: 'its sender is banned' };
  // An older one is of an earlier offer under this id. Without a deadline another copy may be on its way.
  if (status !== 'expired' || deliverBy === undefined || Number(delivered) > 0) return undefined;
  if (!(Date.parse(String(at)) >= deliverBy)) return undefined;
  return { kind: 'not-taken', reason: 'the relay could not post it before the deadline' };
}

function parseObject(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
