import { setTimeout as delay } from 'node:timers/promises';
import { type Broker, type Delivery, originalKey, PublishError } from '@wbor/amqp';
import {
  DELIVER_BY_HEADER,
  IN_DOUBT_HEADER,
  type Part,
  type PlannedMessage,
  plannedMessage,
  URGENT_PRIORITY,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import type { Acknowledger } from '../delivery/acknowledger.ts';
import type { Lane } from '../delivery/turns.ts';
import type { EventPublisher } from '../events.ts';
import type { RelayMetrics } from '../metrics.ts';
import type { Blocker } from '../moderation/blocker.ts';
import type { Moderation } from '../moderation/moderation.ts';
import type { Parker, ParkReason } from '../parked/park.ts';
import { createLanes } from './lanes.ts';
import {
  type Incoming,
  IncomingError,
  type IncomingErrorCode,
  type IncomingLog,
  type IncomingMessage,
  parseIncoming,
} from './parse-incoming.ts';
import type { Preparer } from './prepare.ts';

/** Stage 1: makes planned messages of what producers sent and puts them into the outbox. */
export interface Intake {
  /** Handles a delivery of one of the intake queues, named for logs and metrics. */
  onDelivery(queue: string, delivery: Delivery): Promise<void>;
}

export interface IntakeOptions {
  readonly broker: Broker;
  /** Full queue names. */
  readonly outboxes: Readonly<Record<Lane, string>>;
  /** Sources whose messages overtake all others. */
  readonly urgentSources: readonly string[];
  /** Published with logs of producers that name no bot. */
  readonly botId: string;
  readonly preparer: Preparer;
  readonly moderation: Pick<Moderation, 'isBanned'>;
  readonly blocker: Blocker;
  readonly events: EventPublisher;
  readonly acknowledger: Acknowledger;
  readonly parker: Parker;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

const PARK_REASONS: Readonly<Record<IncomingErrorCode, ParkReason>> = {
  INVALID_UTF8: 'invalid-utf8',
  INVALID_JSON: 'invalid-json',
  INVALID_MESSAGE: 'invalid-message',
  EMPTY: 'empty',
  TOO_LONG: 'too-long',
};

/** Namespace of the ids of already-sent logs: a log that is redelivered must not become a second row. */
const ALREADY_SENT_NAMESPACE = '6f1f3a52-3a0b-5c55-9d2f-0a9b8f6f1c11';

/** Namespace of the ids of planned messages. */
const PLAN_NAMESPACE = '2b8a4f0c-7c1e-5d0b-9a63-5e1d8c7f4a90';

const OUTBOX_RETRY_MS = 1_000;

export function createIntake(options: IntakeOptions): Intake {
  const { acknowledger, events, logger, metrics } = options;
  const lanes = createLanes();

  async function onDelivery(queue: string, delivery: Delivery): Promise<void> {
    let incoming: Incoming;
    try {
      incoming = parseIncoming({ ...delivery, routingKey: originalKey(delivery) });
    } catch (error) {
      if (!(error instanceof IncomingError)) throw error;
      await refuse(queue, delivery, error);
      return;
    }
    if (incoming.kind === 'ignored') {
      metrics.received.inc({ queue, result: 'ignored' });
      logger.debug({ queue, key: delivery.routingKey }, 'ignored: not for the chat');
      delivery.ack();
      return;
    }
    if (incoming.kind === 'already-sent') {
      await log(queue, delivery, incoming);
      return;
    }
    const message = incoming;
    await lanes.run(message.source, prepare(message, delivery.signal), ({ banned, parts }) => {
      const planned = toPlanned(message, parts, delivery);
      return banned ? block(queue, delivery, planned) : commit(queue, delivery, planned);
    });
  }

  async function prepare(
    message: IncomingMessage,
    gone: AbortSignal,
  ): Promise<{ banned: boolean; parts: Part[] }> {
    const { moderation, preparer } = options;
    // Most messages have no sender: they must not wait for a moderator.
    const banned = message.sender !== undefined && (await moderation.isBanned(message.sender, gone));
    return { banned, parts: banned ? preparer.planText(message) : await preparer.prepare(message) };
  }

  async function block(queue: string, delivery: Delivery, planned: PlannedMessage): Promise<void> {
    // Somebody else has it, and will block it.
    if (delivery.signal.aborted) return;
    metrics.received.inc({ queue, result: 'blocked' });
    await options.blocker.block(planned);
    delivery.ack();
  }

  async function refuse(queue: string, delivery: Delivery, error: IncomingError): Promise<void> {
    const reason = PARK_REASONS[error.code];
    metrics.received.inc({ queue, result: 'parked' });
    logger.error(
      { queue, key: delivery.routingKey, reason, error: error.message },
      'parked a message that cannot be forwarded; see `parked list`',
    );
    await options.parker.park(delivery, { queue, reason, error: error.message });
    acknowledger.failed(
      {
        messageId: delivery.messageId ?? '',
        acknowledge: false,
        replyTo: delivery.replyTo,
        correlationId: delivery.correlationId,
      },
      400,
      error.message,
    );
  }

  /** The producer has posted by itself: its payload goes out as it came, with what the audit needs. */
  async function log(queue: string, delivery: Delivery, incoming: IncomingLog): Promise<void> {
    const { messageId, payload, source } = incoming;
    metrics.received.inc({ queue, result: 'already-sent' });
    await events.post(
      {
        ...payload,
        bot_id: payload.bot_id ?? options.botId,
        source,
        code: payload.statuscode ?? 0,
        type: 'log',
        wbor_message_id: messageId,
        outcome: 'already-sent',
        // As Twilio names it: without a sender nobody could be banned for it.
        ...(typeof payload.From === 'string' ? { sender: payload.From } : {}),
      },
      {
        messageId: uuidv5(
          `${delivery.messageId ?? payload.wbor_message_id ?? uuidv7()}\n${delivery.content}`,
          ALREADY_SENT_NAMESPACE,
        ),
      },
    );
    logger.info(
      { queue, message_id: messageId, source, outcome: 'already-sent' },
      'logged a producer’s own post',
    );
    acknowledger.succeeded({
      messageId,
      acknowledge: false,
      replyTo: delivery.replyTo,
      correlationId: delivery.correlationId,
    });
    delivery.ack();
  }

  async function commit(queue: string, delivery: Delivery, planned: PlannedMessage): Promise<void> {
    const outgoing = {
      exchange: '',
      routingKey: options.outboxes[laneOf(delivery, planned)],
      type: plannedMessage.key,
      messageId: planIdOf(delivery),
      body: planned,
      // With an id of the producer's the plan is known by that.
      headers: delivery.redelivered && !delivery.messageId ? { [IN_DOUBT_HEADER]: true } : {},
    };
    // The broker has given it to somebody else: publishing it now would only make a second copy. A relay that was
    // frozen does not know it yet.
    if (!(await delivery.isHeld())) return;
    while (!delivery.signal.aborted) {
      try {
        await options.broker.publishUntilConfirmed(outgoing, delivery.signal);
        delivery.ack();
        metrics.received.inc({ queue, result: 'planned' });
        logger.info(
          {
            queue,
            key: delivery.routingKey,
            message_id: planned.wbor_message_id,
            source: planned.source,
            parts: planned.parts.length,
          },
          'planned',
        );
        return;
      } catch (error) {
        if (delivery.signal.aborted) return;
        // Somebody deleted the outbox; the consumer of it declares it again.
        if (!(error instanceof PublishError) || error.code !== 'RETURNED') throw error;
        logger.error({ queue, error: error.message }, 'the outbox is gone, waiting for it');
        await delay(OUTBOX_RETRY_MS);
      }
    }
  }

  function laneOf(delivery: Delivery, planned: PlannedMessage): Lane {
    const urgent = delivery.priority >= URGENT_PRIORITY || options.urgentSources.includes(planned.source);
    return urgent ? 'urgent' : 'normal';
  }

  return { onDelivery };
}

/**
 * A producer that was not told whether its message was stored sends it again under its AMQP id. Both copies get one
 * plan's id, and the delivery leaves out what is in the chat. Another text under that id is another message.
 */
function planIdOf({ messageId, content }: Delivery): string {
  return messageId ? uuidv5(`${messageId}\n${content}`, PLAN_NAMESPACE) : uuidv7();
}

function toPlanned(
  message: IncomingMessage,
  parts: PlannedMessage['parts'],
  delivery: Delivery,
): PlannedMessage {
  const deliverBy = deadlineOf(delivery);
  return {
    wbor_message_id: message.messageId,
    source: message.source,
    parts,
    ...(message.sender === undefined ? {} : { sender: message.sender }),
    ...(message.senderName === undefined ? {} : { sender_name: message.senderName }),
    acknowledge: message.fromTwilio,
    planned_at: Date.now(),
    ...(deliverBy === undefined ? {} : { deliver_by: deliverBy }),
    ...(delivery.replyTo === undefined ? {} : { reply_to: delivery.replyTo }),
    ...(delivery.correlationId === undefined ? {} : { correlation_id: delivery.correlationId }),
  };
}

/**
 * Until when the producer waits before it posts by itself, in epoch milliseconds: the header `x-deliver-by`, or
 * the message's own expiration, counted from its timestamp or else from now.
 */
function deadlineOf(delivery: Delivery): number | undefined {
  const header = Number(delivery.headers[DELIVER_BY_HEADER] ?? Number.NaN);
  if (Number.isFinite(header) && header > 0) return Math.trunc(header);
  if (delivery.expirationMs === undefined) return undefined;
  return (delivery.timestamp?.getTime() ?? Date.now()) + delivery.expirationMs;
}
