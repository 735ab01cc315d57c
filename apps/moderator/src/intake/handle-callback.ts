import { type Broker, type Delivery, originalKey, parkDelivery } from '@wbor/amqp';
import type { BackOff } from '@wbor/async';
import { callbackEvent } from '@wbor/contracts';
import { type Database, describeDatabaseError, type OutageState, readSqlState } from '@wbor/database';
import type { Logger } from '@wbor/service';
import type { Kysely } from 'kysely';
import { commandNames } from '../commands/index.ts';
import type { ModeratorMetrics } from '../metrics.ts';
import { type CommandCall, readCommand } from './read-command.ts';
import { type CommandPolicy, type CommandTools, runCommand } from './run-command.ts';
import { untilCommitted } from './until-committed.ts';

export interface CallbackHandlerOptions {
  readonly broker: Broker;
  readonly db: Kysely<Database>;
  readonly groupId: string;
  readonly policy: CommandPolicy;
  readonly tools: CommandTools;
  /** Full name of the queue of callbacks, like that of the parked ones below. */
  readonly queue: string;
  readonly parkedQueue: string;
  readonly onParked: () => void;
  readonly outage: OutageState;
  readonly backOffMs: BackOff;
  readonly metrics: ModeratorMetrics;
  readonly logger: Logger;
  /** Called when something was put into the outbox. */
  readonly onCommitted: () => void;
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal;
}

/** Creates the function that works on one callback. It acknowledges the callback once its command is committed, or when there is none in it. */
export function createCallbackHandler(
  options: CallbackHandlerOptions,
): (delivery: Delivery) => Promise<void> {
  const { logger, metrics } = options;

  async function park(delivery: Delivery, reason: string): Promise<void> {
    const { parkedQueue, queue } = options;
    await parkDelivery(
      options.broker,
      delivery,
      { parkedQueue, queue, reason: 'no-callback', error: `invalid callback: ${reason}` },
      AbortSignal.any([delivery.signal, options.stopping]),
    );
    options.onParked();
    logger.warn({ amqp_message_id: delivery.messageId, reason }, 'parked an invalid callback');
  }

  async function run(call: CommandCall, delivery: Delivery): Promise<void> {
    let startedAt = 0;
    const result = await untilCommitted(
      () => {
        startedAt = performance.now();
        return runCommand(options.db, call, options, new Date(), (fault) =>
          logger.error(
            { callback_id: call.callbackId, ...describeFault(fault) },
            'a command failed permanently; its reply says that nothing was done',
          ),
        );
      },
      delivery,
      options,
    );
    if (result === undefined) return;
    const command = commandNames.includes(call.command) ? call.command : 'unknown';
    const durationMs = performance.now() - startedAt;
    metrics.commands.inc({ command, result });
    metrics.seconds.observe(durationMs / 1000);
    logger.info(
      {
        callback_id: call.callbackId,
        command,
        result,
        caller_id: call.callerId,
        duration_ms: Math.round(durationMs),
      },
      result === 'duplicate' ? 'this command was run before' : 'ran a command',
    );
    delivery.ack();
    options.onCommitted();
  }

  return async (delivery) => {
    // Led here by a header of its publisher, past the broker's permissions. A message put straight into the queue has been through them.
    if (delivery.exchange !== '' && originalKey(delivery) !== callbackEvent.key) {
      return park(delivery, 'it was published under another key');
    }
    const reading = readCommand(delivery.content, options.groupId, delivery.timestamp, commandNames);
    if (reading.kind === 'command') return run(reading.call, delivery);
    if (reading.kind === 'broken') return park(delivery, reading.reason);
    if (reading.kind === 'forged') {
      metrics.forged.inc();
      logger.warn(
        { callback_id: reading.callbackId.slice(0, 40), reason: reading.reason },
        'ignored a command from an unauthorised sender',
      );
    }
    delivery.ack();
  };
}

/** Postgres quotes in its errors what people typed, so only the code of such an error is logged. */
function describeFault(fault: unknown): object {
  return readSqlState(fault) === undefined ? { err: fault } : { reason: describeDatabaseError(fault) };
}
