import { type Broker, type Delivery, parkDelivery } from '@wbor/amqp';
import type { BackOff } from '@wbor/async';
import { classifyDatabaseError, type OutageState } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import type { Logger } from '@wbor/service';
import { type BanOrder, type BanOrderResult, type BanOrderTools, runBanOrder } from '../bans/ban-order.ts';
import { untilCommitted } from './until-committed.ts';

/** Somebody of whom the moderator takes bans, beside the chat. */
export interface BanOrderOrigin {
  /** Why what cannot be read is parked, as a stable code. */
  readonly parkReason: string;
  readonly lines: { readonly changed: string; readonly parked: string };
  readonly read: (delivery: ReadableDelivery, normaliseSender: SenderNormaliser) => ReadBanOrder;
}

export type ReadableDelivery = Pick<
  Delivery,
  'content' | 'contentType' | 'contentEncoding' | 'routingKey' | 'exchange' | 'headers'
>;
export type ReadBanOrder = BanOrder | { readonly fault: string };

export interface BanOrderHandlerOptions {
  readonly broker: Broker;
  readonly tools: BanOrderTools;
  /** Full name of the queue, like that of the parked ones below. */
  readonly queue: string;
  readonly parkedQueue: string;
  readonly onParked: () => void;
  readonly outage: OutageState;
  readonly backOffMs: BackOff;
  readonly logger: Logger;
  /** Called when something was put into the outbox. */
  readonly onCommitted: () => void;
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal;
}

/** Creates the function that works on one ban or unban of another service. */
export function createBanOrderHandler(
  origin: BanOrderOrigin,
  options: BanOrderHandlerOptions,
): (delivery: Delivery) => Promise<void> {
  const { logger, tools } = options;

  async function park(delivery: Delivery, error: string): Promise<void> {
    const { parkedQueue, queue } = options;
    await parkDelivery(
      options.broker,
      delivery,
      { parkedQueue, queue, reason: origin.parkReason, error },
      AbortSignal.any([delivery.signal, options.stopping]),
    );
    options.onParked();
    logger.warn({ amqp_message_id: delivery.messageId, reason: error }, origin.lines.parked);
  }

  async function run(order: BanOrder): Promise<BanOrderResult> {
    try {
      return await runBanOrder(tools, order, new Date());
    } catch (error) {
      if (classifyDatabaseError(error) !== 'data') throw error;
      // Its own words hold values.
      return { fault: 'Postgres refuses it' };
    }
  }

  return async (delivery) => {
    const order = origin.read(delivery, tools.normaliseSender);
    if ('fault' in order) return park(delivery, order.fault);
    const result = await untilCommitted(() => run(order), delivery, options);
    if (result === undefined) return;
    if (typeof result === 'object') return park(delivery, result.fault);
    logger.info({ command: order.action, result }, origin.lines.changed);
    delivery.ack();
    options.onCommitted();
  };
}
