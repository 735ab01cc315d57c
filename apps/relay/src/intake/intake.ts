import { type Delivery, originalKey } from '@wbor/amqp';
import {
  ALREADY_SENT_HEADER,
  DELIVER_BY_HEADER,
  type Part,
  type PlannedMessage,
  toMessageId,
} from '@wbor/contracts';
import { sanitiseText } from '@wbor/message-text';
import type { Logger } from '@wbor/service';
import type { StationClock } from '@wbor/station-clock';
import { describeSpan } from '@wbor/tracing';
import type { RelayMetrics } from '../metrics.ts';
import type { Bans } from '../moderation/bans.ts';
import type { NotPosted } from '../notify/not-posted.ts';
import type { ProducerNotifier } from '../notify/producer.ts';
import type { ProgressTeller } from '../notify/progress.ts';
import type { Outbox } from '../outbox.ts';
import type { Parker, ParkReason } from '../park.ts';
import { deadlineOf } from './deadline.ts';
import type { Episodes, Opening } from './episodes.ts';
import { createOrderBySource } from './in-order-by-source.ts';
import {
  type Incoming,
  IncomingError,
  type IncomingLog,
  type IncomingMessage,
  parseIncoming,
} from './parse-incoming.ts';
import type { Preparer } from './prepare.ts';
import { salvageMessageId } from './salvage-message-id.ts';
import { type Episode, headerOf, sourceOfKey } from './sources/source.ts';
import { foldOutage } from './stations/fold-outage.ts';
import type { HandleStatus } from './stations/handle-status.ts';
import { toPlanned } from './to-planned.ts';

/** The first stage: makes planned messages of what producers sent and puts them into the outbox. */
export interface Intake {
  /** Handles a delivery of one of the intake queues, named for logs and metrics. */
  onDelivery(queue: string, delivery: Delivery): Promise<void>;
  /** Tells of a message that was parked before it came here. */
  onParked(queue: string, delivery: Delivery, reason: ParkReason, error: string): void;
}

export interface IntakeOptions {
  readonly outbox: Outbox;
  readonly preparer: Preparer;
  readonly bans: Pick<Bans, 'isBanned'>;
  readonly notPosted: NotPosted;
  readonly producer: ProducerNotifier;
  readonly progress: Pick<ProgressTeller, 'planned'>;
  readonly parker: Parker;
  readonly episodes: Episodes;
  readonly handleStatus: HandleStatus;
  /** How long the SMS service waits before it posts by itself; undefined when it waits for ever. */
  readonly smsPatienceMs: number | undefined;
  /** In whose time the chat is told times. */
  readonly clock: StationClock;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/** With so many of its source behind it nothing is kept back. */
const MAX_BEHIND = 20;

export function createIntake(options: IntakeOptions): Intake {
  const { logger, metrics, notPosted, outbox, producer, progress } = options;
  const inOrder = createOrderBySource();

  async function onDelivery(queue: string, delivery: Delivery): Promise<void> {
    let incoming: Incoming;
    try {
      incoming = parseIncoming({ ...delivery, routingKey: originalKey(delivery) }, options.clock);
    } catch (error) {
      if (!(error instanceof IncomingError)) throw error;
      await parkUnreadable(queue, delivery, error, options);
      return;
    }
    if (incoming.kind === 'ignored') {
      metrics.received.inc({ queue, result: 'ignored' });
      logger.debug({ queue, key: delivery.routingKey }, 'ignored: not for the chat');
      delivery.ack();
      return;
    }
    if (incoming.kind === 'empty-sms') {
      endEmptySms(queue, delivery, incoming);
      return;
    }
    for (const field of incoming.repaired) metrics.repaired.inc({ field });
    if (isOdd(headerOf(delivery.headers, ALREADY_SENT_HEADER))) {
      metrics.repaired.inc({ field: ALREADY_SENT_HEADER });
    }
    // All that waits is in hand, and with too much of one source there no other would be read.
    if (inOrder.waiting(incoming.source) >= MAX_BEHIND) options.episodes.giveUp(incoming.source);
    if (incoming.kind === 'status') {
      const status = incoming;
      const outage = foldOutage(options.episodes, status, delivery.signal);
      await inOrder.run(status.source, outage, (folded) =>
        options.handleStatus(queue, delivery, status, folded),
      );
      return;
    }
    if (incoming.kind === 'already-sent') {
      await record(queue, delivery, incoming);
      return;
    }
    const message = incoming;
    const missing = message.imagesWithoutAddress + message.imagesLeftOut;
    if (missing > 0) metrics.images.inc({ outcome: 'not-attached' }, missing);
    const deliverBy = readDeadline(message, delivery, options);
    // Who waits for an answer waits for one of each message.
    const episode = delivery.replyTo === undefined && deliverBy === undefined ? message.episode : undefined;
    if (episode?.phase === 'end') {
      const stored = options.episodes.close(message.source, episode, Date.now());
      if (stored !== undefined) return fold(queue, delivery, message, stored);
    }
    const opening = openEpisode(message.source, episode, delivery);
    const prepared = prepareUnlessBanned(message, delivery.signal, options, opening);
    let stored = false;
    try {
      await inOrder.run(message.source, prepared, async ({ banned, parts }) => {
        const planned = toPlanned(message, parts, delivery, deliverBy);
        if (banned) await block(queue, delivery, planned);
        else stored = await commit(queue, delivery, planned, message);
      });
    } finally {
      opening?.settle(stored);
    }
  }

  function openEpisode(
    source: string,
    episode: Episode | undefined,
    { signal }: Delivery,
  ): Opening | undefined {
    if (episode?.phase !== 'begin') return undefined;
    return options.episodes.open(source, episode, Date.now(), signal);
  }

  /** The end of what had hardly begun: the beginning's message says both. */
  async function fold(
    queue: string,
    delivery: Delivery,
    { source, wborMessageId }: IncomingMessage,
    stored: Promise<boolean>,
  ): Promise<void> {
    if (!(await stored)) {
      if (delivery.signal.aborted) return;
      throw new Error('the message that should say this too was not stored');
    }
    delivery.ack();
    metrics.received.inc({ queue, result: 'folded' });
    logger.info(
      { queue, key: delivery.routingKey, wbor_message_id: wborMessageId, source },
      'said by the message before it',
    );
  }

  /** There is nothing to post, and an SMS service that waits would post that by itself. */
  function endEmptySms(
    queue: string,
    delivery: Delivery,
    sms: { source: string; wborMessageId: string | undefined; acknowledge: boolean },
  ): void {
    const { acknowledge, source, wborMessageId } = sms;
    metrics.received.inc({ queue, result: 'empty' });
    const ids = { wbor_message_id: wborMessageId, amqp_message_id: delivery.messageId };
    logger.info({ queue, source, ...ids }, 'an SMS without words or pictures');
    const target = replyTargetOfRaw(delivery, wborMessageId ?? '');
    producer.succeeded({ ...target, acknowledge });
    delivery.ack();
  }

  async function block(queue: string, delivery: Delivery, planned: PlannedMessage): Promise<void> {
    // The broker has given the message to another relay, which will block it.
    if (delivery.signal.aborted) return;
    metrics.received.inc({ queue, result: 'blocked' });
    await notPosted.blocked(planned);
    delivery.ack();
  }

  async function record(queue: string, delivery: Delivery, incoming: IncomingLog): Promise<void> {
    metrics.received.inc({ queue, result: 'already-sent' });
    await notPosted.alreadySent(incoming, delivery);
    producer.succeeded(replyTargetOfRaw(delivery, incoming.wborMessageId));
    delivery.ack();
  }

  /** @returns whether the message is in the outbox. */
  async function commit(
    queue: string,
    delivery: Delivery,
    planned: PlannedMessage,
    { eventId, priority }: IncomingMessage,
  ): Promise<boolean> {
    describeSpan({ 'wbor.message_id': planned.wbor_message_id, 'wbor.source': planned.source });
    if (!(await outbox.put(planned, delivery, { eventId, priority }))) return false;
    delivery.ack();
    metrics.received.inc({ queue, result: 'planned' });
    progress.planned(planned, delivery);
    logger.info(
      {
        queue,
        key: delivery.routingKey,
        wbor_message_id: planned.wbor_message_id,
        source: planned.source,
        parts: planned.parts.length,
      },
      'planned',
    );
    return true;
  }

  return {
    onDelivery,
    onParked: (queue, delivery, reason, error) => tellParked(queue, delivery, reason, error, options),
  };
}

/** Of a message that cannot be read itself. */
function sourceByKey(delivery: Delivery): string {
  return sourceOfKey(originalKey(delivery));
}

/** Of a banned sender's message nobody will see more than the audit's text: its images are not fetched. */
async function prepareUnlessBanned(
  message: IncomingMessage,
  lost: AbortSignal,
  { bans, preparer }: Pick<IntakeOptions, 'bans' | 'preparer'>,
  opening: Opening | undefined,
): Promise<{ banned: boolean; parts: Part[] }> {
  const folded = await opening?.folded;
  if (folded !== undefined) {
    return { banned: false, parts: await preparer.prepare({ ...message, text: sanitiseText(folded.text) }) };
  }
  // Most messages have no sender: they must not wait for a moderator.
  const banned = message.sender !== undefined && (await bans.isBanned(message.sender, lost));
  return { banned, parts: banned ? preparer.planText(message) : await preparer.prepare(message) };
}

/** The deadline of a message, and a warning when it has one that cannot be. */
function readDeadline(
  message: IncomingMessage,
  delivery: Delivery,
  { logger, metrics, smsPatienceMs }: Pick<IntakeOptions, 'logger' | 'metrics' | 'smsPatienceMs'>,
): number | undefined {
  // It is the SMS service alone that waits for an acknowledgement.
  const patienceMs = message.acknowledge ? smsPatienceMs : undefined;
  const { deliverBy, ignored, isRepaired } = deadlineOf(delivery, Date.now(), patienceMs);
  if (isRepaired) metrics.repaired.inc({ field: DELIVER_BY_HEADER });
  if (ignored !== undefined) {
    logger.warn(
      { wbor_message_id: message.wborMessageId, source: message.source, error: ignored },
      'ignored a deadline that cannot be one',
    );
  }
  return deliverBy;
}

/** Whether a yes or no is not as the contract says it. */
function isOdd(header: unknown): boolean {
  return ![undefined, null, true, false, 'true', 'false'].some((plain) => plain === header);
}

/** Parks what can never be forwarded as it is. */
async function parkUnreadable(
  queue: string,
  delivery: Delivery,
  { code: reason, message: error }: IncomingError,
  options: Pick<IntakeOptions, 'logger' | 'metrics' | 'parker' | 'producer'>,
): Promise<void> {
  const sentId = salvageMessageId(delivery);
  const wborMessageId = toMessageId(sentId);
  const found = wborMessageId === undefined ? {} : { wborMessageId };
  await options.parker.park(delivery, { queue, reason, error, source: sourceByKey(delivery), ...found });
  options.metrics.received.inc({ queue, result: 'parked' });
  options.logger.error(
    {
      queue,
      key: delivery.routingKey,
      reason,
      error,
      ...(wborMessageId === undefined ? {} : { wbor_message_id: wborMessageId }),
    },
    'parked a message that cannot be forwarded; see `parked list`',
  );
  tellProducer(delivery, sentId, error, options);
}

/** Tells of a message that was parked before it came here. */
function tellParked(
  queue: string,
  delivery: Delivery,
  reason: ParkReason,
  error: string,
  options: Pick<IntakeOptions, 'metrics' | 'parker' | 'producer'>,
): void {
  options.metrics.received.inc({ queue, result: 'parked' });
  const sentId = salvageMessageId(delivery);
  const wborMessageId = toMessageId(sentId);
  options.parker.onParked({ queue, reason, source: sourceByKey(delivery), wborMessageId });
  tellProducer(delivery, sentId, error, options);
}

/** It knows the message by the id that it sent, however long that is. */
function tellProducer(
  delivery: Delivery,
  sentId: string | undefined,
  error: string,
  { producer }: Pick<IntakeOptions, 'producer'>,
): void {
  producer.failed(replyTargetOfRaw(delivery, sentId ?? delivery.messageId ?? ''), 400, error);
}

/** The reply target of a message that was not planned; nothing is acknowledged to the SMS service for one. */
function replyTargetOfRaw({ replyTo, correlationId }: Delivery, wborMessageId: string) {
  return { wborMessageId, acknowledge: false, replyTo, correlationId };
}
