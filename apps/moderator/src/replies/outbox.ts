import { type Broker, PublishError } from '@wbor/amqp';
import { errorMessage } from '@wbor/async';
import { dashboardClear } from '@wbor/contracts';
import type { Database } from '@wbor/database';
import type { Logger } from '@wbor/service';
import type { Kysely } from 'kysely';
import { idFor } from '../ids.ts';
import { chatMessage, definitionOf, type Outgoing } from './outgoing.ts';

/** Promises to publish these, in the transaction that makes the change they report. */
export async function addToOutbox(db: Kysely<Database>, outgoing: readonly Outgoing[]): Promise<void> {
  if (outgoing.length === 0) return;
  await db.insertInto('moderator_outbox').values(outgoing.map(toRow)).execute();
}

/** Promises to publish this, unless it was promised before under the same message id. */
export async function addOnceToOutbox(db: Kysely<Database>, message: Outgoing): Promise<void> {
  await db
    .insertInto('moderator_outbox')
    .values(toRow(message))
    .onConflict((conflict) => conflict.column('message_id').doNothing())
    .execute();
}

function toRow({ messageId, definition, body, mandatory }: Outgoing) {
  return {
    message_id: messageId,
    routing_key: definition.key,
    body: JSON.stringify(body),
    mandatory,
  };
}

/**
 * Publishes what is waiting, oldest first, and marks each message once the broker has confirmed it. A crash in between
 * publishes that one again, with the same message id. Moderators side by side skip each other's rows.
 *
 * @returns how many could not be published and stay for the next time; those behind them are not counted when the
 *   broker is away.
 * @throws whatever says that Postgres cannot do it now.
 */
export async function publishOutbox(db: Kysely<Database>, broker: Broker, logger: Logger): Promise<number> {
  let left = 0;
  let afterId = '0';
  for (;;) {
    const result = await publishNext(db, broker, logger, afterId);
    if (result === undefined) return left;
    if (result.outcome !== 'published') left += 1;
    if (result.outcome === 'broker-away') return left;
    afterId = result.id;
  }
}

/** Publishes one message, in a transaction that holds its row. Undefined when nothing waits behind `afterId`. */
function publishNext(
  db: Kysely<Database>,
  broker: Broker,
  logger: Logger,
  afterId: string,
): Promise<{ id: string; outcome: PublishOutcome } | undefined> {
  return db.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('moderator_outbox')
      .selectAll()
      .where('published_at', 'is', null)
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (!row) return undefined;
    const outcome = await publish(broker, row, logger);
    const answer =
      row.routing_key === dashboardClear.key ? answerToClear(row.message_id, outcome) : undefined;
    if (answer !== undefined) await addOnceToOutbox(transaction, answer);
    // What nobody was there to clear must not be cleared by whoever comes later.
    if (outcome === 'published' || answer !== undefined) {
      await transaction
        .updateTable('moderator_outbox')
        .set({ published_at: new Date() })
        .where('id', '=', row.id)
        .execute();
    }
    return { id: row.id, outcome: answer === undefined ? outcome : 'published' };
  });
}

type PublishOutcome = 'published' | 'not-taken' | 'broker-away';

/**
 * What the chat is told of `!clear`; undefined while that is not known. The broker says only whether some queue has taken it:
 * that may be anybody's, and one that nobody reads.
 */
function answerToClear(messageId: string, outcome: PublishOutcome): Outgoing | undefined {
  if (outcome === 'broker-away') return undefined;
  const text =
    outcome === 'published'
      ? 'Passed on for the studio dashboard. Whether its screen was cleared is not known here.'
      : 'Nothing was cleared: no studio dashboard listens for !clear.';
  return chatMessage(idFor('cleared', messageId), text);
}

async function publish(
  broker: Broker,
  row: { message_id: string; routing_key: string; body: unknown; mandatory: boolean },
  logger: Logger,
): Promise<PublishOutcome> {
  const definition = definitionOf(row.routing_key);
  if (!definition) {
    logger.error(
      { amqp_message_id: row.message_id, routing_key: row.routing_key },
      'not published: this version does not know the message; it is kept for one that does',
    );
    return 'not-taken';
  }
  try {
    // Its body was held to the definition when it was stored.
    await broker.publish(definition, row.body, { messageId: row.message_id, mandatory: row.mandatory });
    return 'published';
  } catch (error) {
    const reason = error instanceof PublishError ? error.code : errorMessage(error);
    logger.warn(
      { amqp_message_id: row.message_id, routing_key: row.routing_key, reason },
      'not published yet; it is kept and tried again',
    );
    return error instanceof PublishError && !error.retryable ? 'not-taken' : 'broker-away';
  }
}

/** Deletes what was published or handled before that time; callbacks that old are not delivered again. */
export async function purgeBefore(db: Kysely<Database>, before: Date): Promise<void> {
  await db.deleteFrom('moderator_outbox').where('published_at', '<', before).execute();
  await db.deleteFrom('moderator_handled').where('handled_at', '<', before).execute();
}
