import { type Broker, PublishError } from '@wbor/amqp';
import type { Database } from '@wbor/database';
import type { Kysely } from 'kysely';
import type { Logger } from '../logger.ts';
import type { Outgoing } from './outgoing.ts';

const BATCH_ROWS = 20;

/** Promises to publish these, as part of the transaction that they tell of. */
export async function addToOutbox(db: Kysely<Database>, outgoing: readonly Outgoing[]): Promise<void> {
  if (outgoing.length === 0) return;
  const rows = outgoing.map(({ messageId, routingKey, body, mandatory }) => ({
    message_id: messageId,
    routing_key: routingKey,
    body: JSON.stringify(body),
    mandatory,
  }));
  await db.insertInto('moderator_outbox').values(rows).execute();
}

/**
 * Publishes what is waiting and marks it once the broker has confirmed it. A crash in between publishes it again,
 * with the same message id. Moderators side by side skip each other's rows.
 *
 * @returns how many could not be published and stay for the next time.
 * @throws whatever says that Postgres cannot do it now.
 */
export async function publishOutbox(db: Kysely<Database>, broker: Broker, logger: Logger): Promise<number> {
  let left = 0;
  let afterId = '0';
  for (;;) {
    const done = await db.transaction().execute(async (transaction) => {
      const rows = await transaction
        .selectFrom('moderator_outbox')
        .selectAll()
        .where('published_at', 'is', null)
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(BATCH_ROWS)
        .forUpdate()
        .skipLocked()
        .execute();
      const published: string[] = [];
      let brokerAway = false;
      for (const row of rows) {
        afterId = row.id;
        // The rows are locked meanwhile: no wait for a broker that has just not answered.
        const result: PublishResult = brokerAway ? 'broker-away' : await publish(broker, row, logger);
        if (result === 'published') published.push(row.id);
        brokerAway = result === 'broker-away';
      }
      left += rows.length - published.length;
      if (published.length > 0) {
        await transaction
          .updateTable('moderator_outbox')
          .set({ published_at: new Date() })
          .where('id', 'in', published)
          .execute();
      }
      return brokerAway || rows.length < BATCH_ROWS;
    });
    if (done) return left;
  }
}

type PublishResult = 'published' | 'not-taken' | 'broker-away';

async function publish(
  broker: Broker,
  row: { message_id: string; routing_key: string; body: unknown; mandatory: boolean },
  logger: Logger,
): Promise<PublishResult> {
  try {
    await broker.publish({
      routingKey: row.routing_key,
      messageId: row.message_id,
      body: row.body,
      mandatory: row.mandatory,
    });
    return 'published';
  } catch (error) {
    const reason = error instanceof PublishError ? error.code : String(error);
    logger.warn(
      { message_id: row.message_id, routing_key: row.routing_key, reason },
      'not published yet; it is kept and tried again',
    );
    return error instanceof PublishError && !error.retryable ? 'not-taken' : 'broker-away';
  }
}

/** What was published long ago is of no use any more; callbacks that old are not delivered again. */
export async function forgetOld(db: Kysely<Database>, before: Date): Promise<void> {
  await db.deleteFrom('moderator_outbox').where('published_at', '<', before).execute();
  await db.deleteFrom('moderator_handled').where('handled_at', '<', before).execute();
}
