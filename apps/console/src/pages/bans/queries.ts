import type { BanChangesTable, BansTable, Database } from '@wbor/database';
import type { Kysely, Selectable } from 'kysely';

export type Ban = Selectable<BansTable>;
export type BanChange = Pick<
  Selectable<BanChangesTable>,
  'occurred_at' | 'action' | 'sender' | 'until' | 'reason' | 'about' | 'caller' | 'caller_name'
>;

const CHANGES_A_PAGE = 50;

/** In force, the newest first. */
export function loadBans(db: Kysely<Database>, now: Date): Promise<Ban[]> {
  return db
    .selectFrom('bans')
    .selectAll()
    .where('lifted_at', 'is', null)
    .where((where) => where.or([where('until', 'is', null), where('until', '>', now)]))
    .orderBy('banned_at', 'desc')
    .execute();
}

/** Who was banned and unbanned, the newest first. @param page counted from 1 */
export async function loadChanges(
  db: Kysely<Database>,
  page: number,
): Promise<{ readonly changes: BanChange[]; readonly hasMore: boolean }> {
  const rows = await db
    .selectFrom('groupme_ban_changes')
    .select(['occurred_at', 'action', 'sender', 'until', 'reason', 'about', 'caller', 'caller_name'])
    .orderBy('occurred_at', 'desc')
    .orderBy('event_id')
    .offset((page - 1) * CHANGES_A_PAGE)
    .limit(CHANGES_A_PAGE + 1)
    .execute();
  return { changes: rows.slice(0, CHANGES_A_PAGE), hasMore: rows.length > CHANGES_A_PAGE };
}

export async function isHandled(db: Kysely<Database>, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('moderator_handled')
    .select('callback_id')
    .where('callback_id', '=', id)
    .executeTakeFirst();
  return row !== undefined;
}
