import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery } from '@wbor/amqp';
import {
  type Outcome,
  type Part,
  type PlannedMessage,
  type PostEvent,
  plannedMessageSchema,
} from '@wbor/contracts';
import { type GroupMeClient, GroupMeError } from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import type { EventPublisher } from '../events.ts';
import type { RelayMetrics } from '../metrics.ts';
import type { Parker } from '../parked/park.ts';
import type { Acknowledger, Addressee } from './acknowledger.ts';
import { classifyFailure } from './classify-failure.ts';
import type { Pacer } from './pacer.ts';
import type { Progress } from './progress.ts';
import type { Trouble } from './trouble.ts';

/** Stage 2: posts the parts of planned messages, one at a time, in order. */
export interface Deliverer {
  onDelivery(delivery: Delivery): Promise<void>;
  /** Ends waits. The message in hand is left to the next process; its parts that are done are recorded. */
  stop(): void;
}

/** Header of a planned message whose source was delivered to us before: it may be in the chat already. */
export const IN_DOUBT_HEADER = 'x-in-doubt';

export interface DelivererOptions {
  readonly groupme: Pick<GroupMeClient, 'postMessage'>;
  /** Published in events as the original did; never logged. */
  readonly botId: string;
  readonly outboxQueue: string;
  readonly pacer: Pacer;
  readonly trouble: Trouble;
  readonly progress: Progress;
  readonly events: EventPublisher;
  readonly acknowledger: Acknowledger;
  readonly parker: Parker;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
  /**
   * A message is held at most this long, then handed back to the broker, which gives it to us again: the
   * broker's own limit for holding one is 30 minutes, and it closes the channel then.
   */
  readonly renewHoldMs?: number;
}

const DEFAULT_RENEW_HOLD_MS = 10 * 60_000;
const JOURNAL_RETRY_MS = 1_000;

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { events, logger, metrics, pacer, progress, trouble } = options;
  const renewHoldMs = options.renewHoldMs ?? DEFAULT_RENEW_HOLD_MS;
  const stopping = new AbortController();

  async function onDelivery(delivery: Delivery): Promise<void> {
    const parsed = parsePlanned(delivery.content);
    if (!parsed) {
      logger.error({ queue: options.outboxQueue }, 'parked a message of the outbox that is none');
      const error = 'not a planned message of this version';
      await options.parker.park(delivery, { queue: options.outboxQueue, reason: 'invalid-message', error });
      return;
    }
    const hold = new AbortController();
    const renewal = setTimeout(() => hold.abort(), renewHoldMs);
    try {
      const ended = AbortSignal.any([stopping.signal, delivery.signal, hold.signal]);
      const settled = await deliver(delivery, parsed, ended);
      // Left unsettled when we stop: closing the channel returns the message. Renewing it, we get it back.
      if (!settled && hold.signal.aborted && !stopping.signal.aborted) delivery.requeue();
    } finally {
      clearTimeout(renewal);
    }
  }

  /** Returns whether the message was settled: acked or parked. */
  async function deliver(delivery: Delivery, planned: PlannedMessage, ended: AbortSignal): Promise<boolean> {
    let done = await partsDone(delivery, planned, ended);
    for (let attempt = 1; done < planned.parts.length; attempt += 1) {
      if (!(await pause(pacer.delayMs(), ended)) || !(await delivery.isHeld())) return false;
      const result = await tryPart(planned, done + 1, attempt);
      if (result.next === 'park') {
        await parkRest(delivery, planned, done, result);
        return true;
      }
      if (result.next === 'done') {
        done += 1;
        attempt = 0;
        progress.record(planned, done);
      }
      // Told before the audit log is confirmed: the producer's clock is running.
      if (result.next === 'done' && done === planned.parts.length)
        options.acknowledger.succeeded(addresseeOf(planned));
      await events.post(result.event);
      if (result.next === 'again' && !(await pause(result.waitMs, ended))) return false;
    }
    delivery.ack();
    return true;
  }

  /** How many parts are in the chat. Only a message that was in somebody's hands before can have any. */
  async function partsDone(delivery: Delivery, planned: PlannedMessage, ended: AbortSignal): Promise<number> {
    if (!delivery.redelivered && delivery.headers[IN_DOUBT_HEADER] !== true) return 0;
    let known = progress.recall(planned);
    while (known === undefined) {
      try {
        known = await progress.readJournal(planned);
      } catch (error) {
        logger.warn(
          { message_id: planned.wbor_message_id, error: String(error) },
          'could not read the journal',
        );
        if (!(await pause(JOURNAL_RETRY_MS, ended))) return 0;
      }
    }
    if (known > 0) {
      // Whoever posted the last part may have died before it told the producer.
      if (known === planned.parts.length) options.acknowledger.succeeded(addresseeOf(planned));
      logger.info(
        { message_id: planned.wbor_message_id, parts_done: known, parts: planned.parts.length },
        'going on with a message that was begun before',
      );
    }
    progress.record(planned, known);
    return known;
  }

  type PartResult =
    | { next: 'done'; event: PostEvent }
    | { next: 'again'; event: PostEvent; waitMs: number }
    | { next: 'park'; event: PostEvent; error: GroupMeError };

  /** Calls GroupMe once. */
  async function tryPart(planned: PlannedMessage, number: number, attempt: number): Promise<PartResult> {
    const part = planned.parts[number - 1] as Part;
    const sentAt = new Date();
    const facts = {
      message_id: planned.wbor_message_id,
      source: planned.source,
      part: number,
      parts: planned.parts.length,
      attempt,
    };
    const describe = (code: number, durationMs: number) =>
      toEvent(planned, part, number, { attempt, code, durationMs, sentAt, botId: options.botId });
    pacer.posted();
    try {
      const { status, durationMs } = await options.groupme.postMessage({
        text: part.text,
        ...(part.picture_url === undefined ? {} : { pictureUrl: part.picture_url }),
      });
      pacer.accepted();
      const troubleMs = trouble.over();
      if (troubleMs !== undefined)
        logger.info({ trouble_ms: Math.round(troubleMs) }, 'posts get through again');
      metrics.posts.inc({ outcome: 'delivered' });
      metrics.postSeconds.observe(durationMs / 1000);
      logger.info(
        { ...facts, outcome: 'delivered', code: status, duration_ms: Math.round(durationMs) },
        'posted',
      );
      return { next: 'done', event: { ...describe(status, durationMs), outcome: 'delivered' } };
    } catch (error) {
      if (!(error instanceof GroupMeError)) throw error;
      const { outcome, next } = classifyFailure(error);
      metrics.posts.inc({ outcome });
      const event = { ...describe(error.status, error.durationMs), outcome, error: error.message };
      const waitMs = next === 'park' ? 0 : waitAfter(next, outcome, error);
      logger[outcome === 'misconfigured' || next === 'park' ? 'error' : 'warn'](
        {
          ...facts,
          outcome,
          code: error.status,
          duration_ms: Math.round(error.durationMs),
          error: error.message,
          ...(next === 'park' ? {} : { retry_in_ms: Math.round(waitMs) }),
        },
        outcome === 'misconfigured'
          ? 'GroupMe does not accept the bot; nothing is lost; check GROUPME_BOT_ID'
          : 'a post did not get through',
      );
      return next === 'park' ? { next, event, error } : { next: 'again', event, waitMs };
    }
  }

  function waitAfter(next: 'pace' | 'back-off', outcome: Outcome, error: GroupMeError): number {
    const backOffMs = trouble.failed(outcome, `GroupMe: ${error.message}`);
    return next === 'pace' ? pacer.refused(error.retryAfterMs) : backOffMs;
  }

  /** A hole in the middle helps nobody: what is left of the message is parked as one, to be replayed as one. */
  async function parkRest(
    delivery: Delivery,
    planned: PlannedMessage,
    done: number,
    result: { event: PostEvent; error: GroupMeError },
  ): Promise<void> {
    const { error } = result;
    await events.post(result.event);
    options.acknowledger.failed(addresseeOf(planned), error.status, error.message);
    await options.parker.park(delivery, {
      queue: options.outboxQueue,
      reason: 'rejected',
      error: `part ${done + 1} of ${planned.parts.length}: ${error.message}`,
      replacement: { ...planned, parts: planned.parts.slice(done) },
      wborMessageId: planned.wbor_message_id,
    });
  }

  return { onDelivery, stop: () => stopping.abort() };
}

/** False when the wait was cut short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (ms <= 0) return true;
  return delay(ms, true, { signal }).catch(() => false);
}

function parsePlanned(content: Buffer): PlannedMessage | undefined {
  try {
    return plannedMessageSchema.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}

function toEvent(
  planned: PlannedMessage,
  part: Part,
  number: number,
  call: { attempt: number; code: number; durationMs: number; sentAt: Date; botId: string },
): PostEvent {
  return {
    text: part.text,
    ...(part.picture_url === undefined ? {} : { picture_url: part.picture_url }),
    bot_id: call.botId,
    source: planned.source,
    code: call.code,
    type: 'log',
    wbor_message_id: planned.wbor_message_id,
    part: number,
    parts: planned.parts.length,
    attempt: call.attempt,
    ...(planned.sender === undefined ? {} : { sender: planned.sender }),
    ...(planned.sender_name === undefined ? {} : { sender_name: planned.sender_name }),
    sent_at: call.sentAt.toISOString(),
    duration_ms: Math.round(call.durationMs),
  };
}

function addresseeOf(planned: PlannedMessage): Addressee {
  return {
    messageId: planned.wbor_message_id,
    acknowledge: planned.acknowledge,
    replyTo: planned.reply_to,
    correlationId: planned.correlation_id,
  };
}
