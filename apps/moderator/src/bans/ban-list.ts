import { randomUUID } from 'node:crypto';
import { type BanEvent, type BanList, banEvent, banListMessage } from '@wbor/contracts';
import type { BansTable, Database } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import { type Kysely, type Selectable, sql } from 'kysely';
import { idFor } from '../ids.ts';
import type { CommandCall } from '../intake/read-command.ts';
import { type Outgoing, outgoing } from '../replies/outgoing.ts';

export type BanRow = Selectable<BansTable>;

/** Who changes bans, and by which message. */
export type Caller = Pick<CommandCall, 'callbackId' | 'callerId' | 'callerName'>;

/**
 * Everybody who changes bans takes this lock first and holds it to the end of the transaction: the lists that are
 * published then follow each other, and a list always holds what its version says.
 */
export async function lockBanList(db: Kysely<Database>): Promise<void> {
  await sql`select version from ban_list_version for update`.execute(db);
}

/** Bans in force, the newest first. */
export function readActiveBans(db: Kysely<Database>, now: Date): Promise<BanRow[]> {
  return db
    .selectFrom('bans')
    .selectAll()
    .where('lifted_at', 'is', null)
    .where((where) => where.or([where('until', 'is', null), where('until', '>', now)]))
    .orderBy('banned_at', 'desc')
    .execute();
}

/** Those of one sender, given in normal form: rows of an older version may have another spelling. */
export function sameSender<Row extends Pick<BanRow, 'sender'>>(
  rows: readonly Row[],
  sender: string,
  normaliseSender: SenderNormaliser,
): Row[] {
  const normal = normaliseSender(sender);
  return normal === '' ? [] : rows.filter((row) => normaliseSender(row.sender) === normal);
}

/** The list as relays get it. Within one snapshot of the database, or under the lock. */
export async function readBanList(db: Kysely<Database>, now: Date): Promise<BanList> {
  // One statement: list and version are of the same moment.
  const { rows } = await sql<{ version: string; bans: BanList['bans'] }>`
    select (select version from ban_list_version) as version,
      coalesce((select json_agg(json_build_object('sender', sender, 'until',
          to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by sender)
        from bans where lifted_at is null and (until is null or until > ${now})), '[]') as bans
  `.execute(db);
  const [row] = rows;
  return { version: Number(row?.version ?? 0), bans: row?.bans ?? [] };
}

/** Bans a sender; a ban that is in force already is replaced, and its end is published like any other. Needs the lock. */
export async function addBan(
  db: Kysely<Database>,
  ban: {
    /** In normal form. */
    readonly sender: string;
    readonly until: Date | null;
    readonly reason: string;
    /** The message that it is for; null when there is none. */
    readonly about: string | null;
    readonly call: Caller;
    readonly now: Date;
    readonly normaliseSender: SenderNormaliser;
  },
): Promise<Outgoing[]> {
  const { call, now, sender } = ban;
  const listed = await db.selectFrom('bans').select('sender').where('lifted_at', 'is', null).execute();
  const spellings = sameSender(listed, sender, ban.normaliseSender).map((row) => row.sender);
  // A ban that had run out, and was not lifted yet, was not ended by this caller.
  const isOver = sql<boolean>`coalesce(until <= ${now}, false)`;
  const ended = await db
    .updateTable('bans')
    .set({
      lifted_at: now,
      lifted_by: sql`case when ${isOver} then 'expired' else ${call.callerId}::text end`,
    })
    .where('sender', 'in', [sender, ...spellings])
    .where('lifted_at', 'is', null)
    .returningAll()
    .execute();
  const row = {
    id: randomUUID(),
    sender,
    banned_at: now,
    until: ban.until,
    reason: ban.reason || null,
    about: ban.about,
    banned_by: call.callerId,
    banned_by_name: call.callerName ?? null,
    lifted_at: null,
    lifted_by: null,
  };
  await db.insertInto('bans').values(row).execute();
  const ends = ended.map(
    (over): BanChange =>
      over.lifted_by === 'expired'
        ? { action: 'expired', row: over, call: undefined }
        : { action: 'unban', row: over, call },
  );
  return announce(db, [...ends, { action: 'ban', row, call }], now);
}

/** Lifts bans that are in force. Needs the lock. */
export async function liftBans(
  db: Kysely<Database>,
  senders: readonly string[],
  call: Caller,
  now: Date,
): Promise<Outgoing[]> {
  const rows = await db
    .updateTable('bans')
    .set({ lifted_at: now, lifted_by: call.callerId })
    .where('sender', 'in', senders)
    .where('lifted_at', 'is', null)
    .returningAll()
    .execute();
  return announce(
    db,
    rows.map((row) => ({ action: 'unban' as const, row, call })),
    now,
  );
}

/** Lifts bans whose time is over, and tells which. Needs the lock. */
export async function liftExpired(
  db: Kysely<Database>,
  now: Date,
): Promise<{ rows: BanRow[]; outgoing: Outgoing[] }> {
  const rows = await db
    .updateTable('bans')
    .set({ lifted_at: now, lifted_by: 'expired' })
    .where('lifted_at', 'is', null)
    .where('until', '<=', now)
    .returningAll()
    .execute();
  const outgoing = await announce(
    db,
    rows.map((row) => ({ action: 'expired' as const, row, call: undefined })),
    now,
  );
  return { rows, outgoing };
}

interface BanChange {
  readonly action: BanEvent['action'];
  readonly row: BanRow;
  readonly call: Caller | undefined;
}

/** A new version of the list, and an event for the audit for each change. */
async function announce(db: Kysely<Database>, changes: readonly BanChange[], now: Date): Promise<Outgoing[]> {
  if (changes.length === 0) return [];
  await raiseVersion(db, 0);
  const list = await readBanList(db, now);
  const events = changes.map(({ action, row, call }): Outgoing => {
    const body: BanEvent = {
      type: 'ban',
      source: 'moderator',
      action,
      sender: row.sender,
      until: row.until?.toISOString() ?? null,
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(row.about === null ? {} : { about: row.about }),
      ...(call === undefined ? {} : { caller_id: call.callerId, callback_id: call.callbackId }),
      ...(call?.callerName === undefined ? {} : { caller_name: call.callerName }),
      version: list.version,
      at: now.toISOString(),
    };
    return outgoing(banEvent, body, { messageId: idFor('ban', `${row.id} ${action}`), mandatory: true });
  });
  return [listMessage(list, idFor('list', `${list.version} ${changes[0]?.row.id}`)), ...events];
}

/**
 * A version is the time of the change by Postgres' clock, which all moderators share, and above every version before: what
 * comes from elsewhere cannot claim to be far newer. Needs the lock.
 */
export async function raiseVersion(db: Kysely<Database>, above: number): Promise<void> {
  await sql`
    update ban_list_version set version = greatest(
      version + 1, ${above}::bigint + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
  `.execute(db);
}

/** No relay may be there to take it; one that comes later asks. */
function listMessage(list: BanList, messageId: string): Outgoing {
  return outgoing(banListMessage, list, { messageId, mandatory: false });
}
