import { openProducerLink, type ProducerLink, PublishError } from '@wbor/amqp/producer';
import { sleep } from '@wbor/async';
import {
  ALREADY_SENT_HEADER,
  DELIVER_BY_HEADER,
  INTERIM_REPLY_HEADER,
  standardKey,
  URGENT_PRIORITY,
} from '@wbor/contracts';
import { v4 as uuidv4, v5 as uuidv5 } from 'uuid';
import { toLogBody } from '../log-body.ts';
import type { AcceptedMessage } from '../spool/records.ts';
import type { Offer, OfferTerms, Route } from './route.ts';

export interface AmqpRouteOptions {
  readonly url: string | readonly string[];
  readonly exchange: string;
  readonly botId: string | undefined;
  readonly connectTimeoutMs: number;
  readonly clockMarginMs: number;
}

/** Namespace of the AMQP ids of messages: the same message has the same id, whichever process publishes it. */
const MESSAGE_NAMESPACE = '8f0c5c0e-5f0e-5a57-9a65-6b3f0f1d9a10';
const CONFIRM_TIMEOUT_MS = 5_000;
const FLUSH_TIMEOUT_MS = 2_000;
const FAILURE_LASTS_MS = 1_000;
/** After these the broker has certainly kept nothing. */
const NOT_KEPT: readonly PublishError['code'][] = ['DISCONNECTED', 'RETURNED', 'INVALID'];

/** What a reply says. */
interface Word {
  readonly status: 'posting' | 'success' | 'failed';
  readonly code: number;
  readonly reason: string;
}

/** The relay's code for a message whose deadline has passed: also after `posting`, nothing of it is posted. */
const EXPIRED_CODE = 408;

/** To the relay over the exchange. */
export function createAmqpRoute(options: AmqpRouteOptions): Route {
  let current: ProducerLink | undefined;
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;

  async function connected(): Promise<ProducerLink> {
    if (current?.lost.aborted) {
      await current.close();
      current = undefined;
    }
    if (current !== undefined) return current;
    // One message asks several times: it must not wait for a dead network each time.
    if (failure !== undefined && performance.now() - failure.atMs < FAILURE_LASTS_MS) throw failure.error;
    try {
      current = await openProducerLink({
        url: options.url,
        appId: 'producer',
        exchange: options.exchange,
        timeoutMs: options.connectTimeoutMs,
      });
      return current;
    } catch (error) {
      failure = { error, atMs: performance.now() };
      throw error;
    }
  }

  return {
    async offer(message, terms) {
      let link: ProducerLink;
      try {
        link = await connected();
      } catch (error) {
        return { kind: 'not-taken', reason: wordsOf(error) };
      }
      await terms.beforeOffer();
      const conversation = hear(link);
      try {
        const published = await publish(link, message, terms, conversation.id);
        if (published.kind !== 'stored' && published.kind !== 'silent') return published;
        return await conversation.outcome(terms, options.clockMarginMs, published);
      } finally {
        conversation.end();
      }
    },
    // The relay tells only who waits for it.
    recall: async () => undefined,
    async log(message, { call, result }, until) {
      try {
        const link = await connected();
        await link.publish(
          {
            routingKey: standardKey(message.source),
            type: standardKey(message.source),
            content: Buffer.from(JSON.stringify(toLogBody(message, call, result, options.botId))),
            messageId: call.callId,
            headers: { [ALREADY_SENT_HEADER]: true },
          },
          Math.max(1, Math.min(CONFIRM_TIMEOUT_MS, until - Date.now())),
        );
        return 'stored';
      } catch (error) {
        if (error instanceof PublishError) return 'not-now';
        throw error;
      }
    },
    async close() {
      await current?.close();
      current = undefined;
    },
  };
}

async function publish(
  link: ProducerLink,
  message: AcceptedMessage,
  { deliverBy, until }: OfferTerms,
  correlationId: string,
): Promise<Offer | { readonly kind: 'stored' }> {
  try {
    await link.publish(
      {
        routingKey: standardKey(message.source),
        type: standardKey(message.source),
        content: toContent(message),
        messageId: uuidv5(message.id, MESSAGE_NAMESPACE),
        correlationId,
        headers:
          deliverBy === undefined
            ? {}
            : { [DELIVER_BY_HEADER]: Math.round(deliverBy), [INTERIM_REPLY_HEADER]: true },
        ...(message.urgent ? { priority: URGENT_PRIORITY } : {}),
      },
      Math.max(1, Math.min(CONFIRM_TIMEOUT_MS, until - Date.now())),
    );
    return { kind: 'stored' };
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const kind = NOT_KEPT.includes(error.code) ? 'not-taken' : 'silent';
    return { kind, reason: error.message };
  }
}

/** The same bytes each time: by them, and by the AMQP id, the relay knows a repeat. */
function toContent({ body, id, images, source }: AcceptedMessage): Buffer {
  return Buffer.from(
    JSON.stringify({ body, source, wbor_message_id: id, ...(images.length > 0 ? { images } : {}) }),
  );
}

/** Listens for what the relay says of one offer. */
function hear(link: ProducerLink) {
  const id = uuidv4();
  const words: Word[] = [];
  let wake = new AbortController();
  const stop = link.onReply(id, (body) => {
    const word = readWord(body);
    if (word === undefined) return;
    words.push(word);
    wake.abort();
  });
  const last = () => words.find(({ status }) => status !== 'posting');

  /** Waits for the last word. Before the relay has begun it waits until `silentAt`, from then on until `waitUntil`. */
  async function wait(silentAt: number, waitUntil: number): Promise<void> {
    while (last() === undefined) {
      const until = words.length > 0 ? Math.max(waitUntil, silentAt) : silentAt;
      const ms = until - Date.now();
      // A connection that is gone brings no more words, but the deadline still has to pass.
      if (ms <= 0 || (words.length > 0 && link.lost.aborted)) return;
      wake = new AbortController();
      await sleep(ms, words.length > 0 ? AbortSignal.any([wake.signal, link.lost]) : wake.signal);
    }
  }

  return {
    id,
    end: stop,
    async outcome(
      { deliverBy, waitUntil }: OfferTerms,
      marginMs: number,
      published: { readonly kind: 'stored' } | Extract<Offer, { kind: 'silent' }>,
    ): Promise<Offer> {
      if (deliverBy === undefined && published.kind === 'silent') return published;
      const silentAt = deliverBy === undefined ? waitUntil : deliverBy + marginMs;
      await wait(silentAt, waitUntil);
      // A word that the broker took in the last moment may be on its way.
      if (words.length === 0 && !link.lost.aborted) await link.flushReplies(FLUSH_TIMEOUT_MS);
      const word = last();
      if (word?.status === 'success') return { kind: 'delivered' };
      if (word?.status === 'failed') {
        const reason = `the relay could not post it: ${word.reason}`;
        const begun = words.some(({ status }) => status === 'posting');
        if (!begun || word.code === EXPIRED_CODE) return { kind: 'not-taken', reason };
        // Without GroupMe's word the relay has given it up for a fault of its own.
        return { kind: word.code === 0 ? 'in-doubt' : 'failed', reason };
      }
      if (words.length > 0) return { kind: 'posting' };
      if (deliverBy === undefined) return { kind: 'queued' };
      return published.kind === 'silent'
        ? published
        : { kind: 'silent', reason: 'the broker has it, and no relay began to post it in time' };
    },
  };
}

function readWord(body: unknown): Word | undefined {
  if (typeof body !== 'object' || body === null || !('status' in body)) return undefined;
  const { status, code, reason } = body as Record<string, unknown>;
  if (status !== 'posting' && status !== 'success' && status !== 'failed') return undefined;
  return { status, code: typeof code === 'number' ? code : 0, reason: String(reason ?? '') };
}

function wordsOf(error: unknown): string {
  if (error instanceof PublishError) return error.message;
  throw error;
}
