import { NUMBER_REMOVED, type SoughtNumber } from '@wbor/phone';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../tables.ts';
import type { RemovedBan, RowCounts } from './removal.ts';

/**
 * Blanks bans that are over. One that is in force is kept, with the number and its end alone, unless it is to be lifted:
 * moderators publish the shorter list within a minute.
 */
export async function blankBans(
  db: Kysely<Database>,
  sought: SoughtNumber,
  liftBan: boolean,
  counts: RowCounts,
): Promise<RemovedBan> {
  // As the moderator does: whoever changes the list holds this lock, so no list is published that lacks a change.
  await sql`select version from ban_list_version for update`.execute(db);
  const { rows } = await sql<{ id: string; sender: string; is_active: boolean }>`
    select id, sender, lifted_at is null and (until is null or until > now()) as is_active from bans`.execute(
    db,
  );
  const own = rows.filter(({ sender }) => sought.isIn(sender));
  const kept = own.filter(({ is_active }) => is_active && !liftBan).map(({ id }) => id);
  const over = own.filter(({ is_active }) => !is_active || liftBan).map(({ id }) => id);
  await sql`update bans set reason = null where id = any(${kept}::uuid[])`.execute(db);
  await sql`update bans set sender = ${NUMBER_REMOVED}, reason = null,
      lifted_by = coalesce(lifted_by, case when until <= now() then 'expired' else 'forget' end),
      lifted_at = coalesce(lifted_at, now())
    where id = any(${over}::uuid[])`.execute(db);
  counts.add('bans', own.length);
  if (kept.length > 0) return 'kept';
  if (!own.some(({ is_active }) => is_active)) return 'none';
  await sql`update ban_list_version set version =
    greatest(version + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`.execute(db);
  return 'lifted';
}
