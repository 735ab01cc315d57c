import type { Database } from '@wbor/database';
import { maskNumber } from '@wbor/message-text';
import type { Kysely } from 'kysely';
import { idFor } from '../ids.ts';
import { addToOutbox } from '../replies/outbox.ts';
import { chatMessage } from '../replies/outgoing.ts';
import { liftExpired, lockBanList } from './ban-list.ts';

/**
 * Lifts the bans whose time is over. Relays know the end of each ban and let the sender through by themselves;
 * this keeps the books, and says it in the chat if that is wanted.
 *
 * @returns how many were lifted.
 */
export async function sweepExpiredBans(
  db: Kysely<Database>,
  options: { readonly announce: boolean; readonly now: Date },
): Promise<number> {
  // Mostly there are none, and then nobody has to wait for the lock.
  const due = await db
    .selectFrom('bans')
    .select('id')
    .where('lifted_at', 'is', null)
    .where('until', '<=', options.now)
    .limit(1)
    .executeTakeFirst();
  if (!due) return 0;
  return db.transaction().execute(async (transaction) => {
    await lockBanList(transaction);
    const { outgoing, rows } = await liftExpired(transaction, options.now);
    const announcements = options.announce
      ? rows.map(({ id, sender }) =>
          chatMessage(idFor('expired', id), `The ban of ${maskNumber(sender)} has run out.`),
        )
      : [];
    await addToOutbox(transaction, [...outgoing, ...announcements]);
    return rows.length;
  });
}
