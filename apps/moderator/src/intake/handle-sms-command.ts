import { type Broker, type Delivery, originalKey, parkDelivery } from '@wbor/amqp';
import { type BackOff, errorMessage } from '@wbor/async';
import { readIncoming, smsBan, smsUnban } from '@wbor/contracts';
import { classifyDatabaseError, type Database, type OutageState } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import type { Logger } from '@wbor/service';
import type { Kysely } from 'kysely';
import { v5 as uuidv5 } from 'uuid';
import { runSmsCommand, type SmsCommand } from '../bans/sms-command.ts';
import { untilCommitted } from './until-committed.ts';

export interface SmsCommandHandlerOptions {
  readonly broker: Broker;
  readonly db: Kysely<Database>;
  readonly normaliseSender: SenderNormaliser;
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

/** A number has fifteen digits; this is room for what is written around them. */
const MAX_NUMBER_LENGTH = 64;
/** Namespace of the ids of commands that bring none. */
const NAMESPACE = '0c3b7f4e-53b1-5a0c-9a4e-8a3f0a6d2b91';

/** Creates the function that works on one ban or unban of the SMS service. */
export function createSmsCommandHandler(
  options: SmsCommandHandlerOptions,
): (delivery: Delivery) => Promise<void> {
  const { logger } = options;

  async function park(delivery: Delivery, reason: string): Promise<void> {
    const { parkedQueue, queue } = options;
    await parkDelivery(
      options.broker,
      delivery,
      { parkedQueue, queue, reason: 'no-sms-command', error: reason },
      AbortSignal.any([delivery.signal, options.stopping]),
    );
    options.onParked();
    logger.warn({ amqp_message_id: delivery.messageId, reason }, 'parked a ban or unban of the SMS service');
  }

  async function run(command: SmsCommand): Promise<'done' | 'unchanged' | 'duplicate' | { fault: string }> {
    try {
      return await runSmsCommand(options.db, command, options.normaliseSender, new Date());
    } catch (error) {
      if (classifyDatabaseError(error) !== 'data') throw error;
      return { fault: errorMessage(error) };
    }
  }

  return async (delivery) => {
    const command = readSmsCommand(delivery, options.normaliseSender);
    if ('fault' in command) return park(delivery, command.fault);
    const result = await untilCommitted(() => run(command), delivery, options);
    if (result === undefined) return;
    if (typeof result === 'object') return park(delivery, 'Postgres refuses it');
    logger.info({ command: command.action, result }, 'changed a ban for the SMS service');
    delivery.ack();
    options.onCommitted();
  };
}

/** Reads a command by its key. Which number it is stays out of the log. */
function readSmsCommand(
  delivery: Pick<
    Delivery,
    'content' | 'contentType' | 'contentEncoding' | 'routingKey' | 'exchange' | 'headers'
  >,
  normaliseSender: SenderNormaliser,
): SmsCommand | { readonly fault: string } {
  const key = originalKey(delivery);
  // Led here by a header of its publisher, past the broker's permissions.
  if (delivery.exchange !== '' && key !== smsBan.key && key !== smsUnban.key) {
    return { fault: 'it was published under another key' };
  }
  const action = key === smsUnban.key ? 'unban' : 'ban';
  const reading = action === 'ban' ? readIncoming(smsBan, delivery) : readIncoming(smsUnban, delivery);
  if (!reading.ok) return { fault: reading.fault.message };
  const { ban_number, unban_number, wbor_message_id } = reading.value.value as {
    readonly ban_number?: string | undefined;
    readonly unban_number?: string | undefined;
    readonly wbor_message_id?: string | undefined;
  };
  const number = (action === 'ban' ? ban_number : unban_number) ?? '';
  const sender = normaliseSender(number.slice(0, MAX_NUMBER_LENGTH));
  if (sender === '' || !/\d/.test(sender)) return { fault: 'there is no number in it' };
  // Without an id of its own it is known by its bytes, which hold the time.
  const id = wbor_message_id ?? uuidv5(delivery.content, NAMESPACE);
  return { id: `sms ${action} ${id}`, action, sender };
}
