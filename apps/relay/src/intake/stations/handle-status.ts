import type { Delivery } from '@wbor/amqp';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../../metrics.ts';
import type { Outbox } from '../../outbox.ts';
import type { Folded } from '../episodes.ts';
import { completeMessage, type IncomingStatus } from '../parse-incoming.ts';
import type { Preparer } from '../prepare.ts';
import { toPlanned } from '../to-planned.ts';
import { afterMoment, changeOf, isSameState } from './change-of.ts';
import type { StationMemory } from './station-memory.ts';

/**
 * Tells the chat what has changed at a station, and nothing when nothing has. To be called for one status at a time.
 *
 * @param folded of a status that says that the station is offline: what is to be said instead, since it is back.
 */
export type HandleStatus = (
  queue: string,
  delivery: Delivery,
  status: IncomingStatus,
  folded: Folded | undefined,
) => Promise<void>;

export function createStatusHandler(options: {
  outbox: Pick<Outbox, 'put'>;
  preparer: Pick<Preparer, 'planText'>;
  memory: StationMemory;
  /** Whether a new song is for the chat. */
  songs: boolean;
  metrics: Pick<RelayMetrics, 'received'>;
  logger: Logger;
}): HandleStatus {
  const { logger, memory, metrics, outbox, preparer, songs } = options;

  return async (queue, delivery, { name, seen, source, station, ...status }, folded) => {
    if (!(await delivery.isHeld())) return;
    const before = await memory.find(station, delivery);
    // A clock that is ahead must not silence the station.
    const atMs = Math.min(status.atMs ?? Date.now(), Date.now());
    const isOld = before !== undefined && atMs < before.at;
    // What is known to be offline has not just gone.
    const moment = before?.online === false ? undefined : folded;
    const { lines, state } =
      moment === undefined
        ? changeOf(before, seen, { id: station, name, atMs, songs })
        : afterMoment(before, station, moment);
    if (!isOld && lines.length > 0) {
      const message = completeMessage({
        kind: 'message',
        source,
        text: `AzuraCast: ${lines.join('\n')}`,
        format: 'plain',
        // A status that is delivered again after it was told, and before that was remembered, is told once.
        eventId: `${station} ${status.atMs ?? delivery.messageId ?? atMs} ${lines.join('\n')}`,
      });
      const planned = toPlanned(message, preparer.planText(message), delivery, undefined);
      if (!(await outbox.put(planned, delivery, { eventId: message.eventId }))) return;
      logger.info(
        { queue, wbor_message_id: planned.wbor_message_id, source, station },
        'a station has changed',
      );
    }
    if (!isOld && (moment !== undefined || !isSameState(before, state)))
      await memory.store(state, delivery.signal);
    metrics.received.inc({ queue, result: !isOld && lines.length > 0 ? 'planned' : 'unchanged' });
    delivery.ack();
  };
}
