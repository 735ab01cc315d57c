import { NUMBER_REMOVED } from '@wbor/phone';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../tables.ts';
import type { OwnMessages } from './blank-texts.ts';
import { REMOVED_MARK, type RowCounts } from './removal.ts';

const MARKED = sql.lit(JSON.stringify({ [REMOVED_MARK]: true }));

/** What is blanked of the person's own rows. The row stays: what was called when, and how it ended, is counted. */
const OWN_COLUMNS = {
  groupme_posts: ['text', 'picture_url', 'sender', 'sender_name', 'error'],
  groupme_images: ['image_url', 'picture_url', 'sha256', 'sender', 'error'],
  groupme_undisplayed: ['text', 'picture_url'],
  groupme_messages: ['text', 'sender', 'sender_name'],
  groupme_ban_changes: ['sender', 'reason'],
} as const;

/** Tables that have no id of a message, or no sender. */
const WITHOUT_ID = ['groupme_ban_changes'];
const WITHOUT_SENDER = ['groupme_undisplayed'];
const WITHOUT_PAYLOAD = ['groupme_messages'];

/**
 * Blanks all that is the person's own, and what our bot said of it in the chat.
 *
 * @returns what the chat shows of the person's messages, and of those of all who were removed before: an echo may come
 *   late.
 */
export async function blankOwnRows(
  db: Kysely<Database>,
  own: OwnMessages,
  counts: RowCounts,
): Promise<Set<string>> {
  const ids = [...own.ids];
  const spellings = [...own.spellings];
  const { rows: words } = await sql<{ text: string | null; picture_url: string | null }>`
    select distinct text, picture_url from groupme_posts
    where wbor_message_id = any(${ids}) or sender = any(${spellings})`.execute(db);
  const texts = words.flatMap(({ text }) => (text ? [text] : []));
  const pictures = words.flatMap(({ picture_url }) => (picture_url ? [picture_url] : []));

  for (const [table, columns] of Object.entries(OWN_COLUMNS)) {
    const isOwn = [
      ...(WITHOUT_ID.includes(table) ? [] : [sql`wbor_message_id = any(${ids})`]),
      ...(WITHOUT_SENDER.includes(table) ? [] : [sql`sender = any(${spellings})`]),
    ];
    const changes = columns.map((column): RawBuilder<unknown> => sql`${sql.ref(column)} = null`);
    if (!WITHOUT_PAYLOAD.includes(table)) changes.push(sql`payload = ${MARKED}::jsonb`);
    await run(
      table,
      sql`update ${sql.table(table)} set ${sql.join(changes)} where ${sql.join(isOwn, sql` or `)}`,
    );
  }
  await run(
    'message_counts',
    sql`delete from message_counts where scope = 'sender' and name = any(${spellings})`,
  );

  const { rows: shown } = await sql<{ uid: string }>`
    select distinct lower(shown_uid(wbor_message_id)) as uid from groupme_posts
    where wbor_message_id = any(${ids}) or payload ? ${sql.lit(REMOVED_MARK)}`.execute(db);
  const uids = shown.map(({ uid }) => uid);
  await run(
    'groupme_echoes',
    sql`update groupme_echoes set text = null, picture_url = null, payload = ${MARKED}::jsonb
      where text = any(${texts}) or picture_url = any(${pictures})
        or lower(substring(text from ${'\n---UID---\n([^\n]+)'})) = any(${uids})
        or (text not like '%---UID---%' and ${names(sql`text`, uids)})`,
  );
  await blankCommands(uids);
  return new Set(uids);

  /** Our bot's answers repeat the name and the first words of a message; who types a command may give a reason. */
  async function blankCommands(of: readonly string[]): Promise<void> {
    for (const table of ['groupme_posts', 'groupme_undisplayed', 'groupme_messages']) {
      const mark = WITHOUT_PAYLOAD.includes(table) ? sql`` : sql`, payload = ${MARKED}::jsonb`;
      await run(
        table,
        sql`update ${sql.table(table)} set text = null ${mark} where source = 'command' and ${names(sql`text`, of)}`,
      );
    }
    const { rows: commands } = await sql<{ groupme_id: string | null }>`
      update groupme_commands set reply = null, argument = null
      where (coalesce(reply, '') <> '' or coalesce(argument, '') <> '')
        and (${names(sql`argument`, of)} or ${names(sql`reply`, of)})
      returning groupme_id`.execute(db);
    counts.add('groupme_commands', commands.length);
    const typed = commands.flatMap(({ groupme_id }) => (groupme_id === null ? [] : [groupme_id]));
    await run(
      'groupme_callbacks',
      sql`update groupme_callbacks set text = null
        where groupme_id = any(${typed}) or (text like '%!%' and ${names(sql`text`, of)})`,
    );
    await run(
      'moderator_outbox',
      sql`update moderator_outbox set body = body
          || case when body ? 'body' then '{"body":""}'::jsonb else '{}' end
          || case when body ? 'reply' then '{"reply":"","argument":""}'::jsonb else '{}' end
        where published_at is not null and routing_key in ('source.standard.command', 'source.groupme.command')
          and (body ->> 'body' <> '' or body ->> 'reply' <> '' or body ->> 'argument' <> '')
          and ${names(sql`body::text`, of)}`,
    );
    await run(
      'moderator_outbox',
      sql`update moderator_outbox set body = body - 'reason'
        where published_at is not null and routing_key = 'source.groupme.ban' and body ? 'reason'
          and body ->> 'sender' = ${NUMBER_REMOVED}`,
    );
  }

  async function run(table: string, statement: RawBuilder<unknown>): Promise<void> {
    const { numAffectedRows } = await statement.execute(db);
    counts.add(table, numAffectedRows ?? 0n);
  }
}

/** Whether one of the UIDs is a word of the text. */
function names(text: RawBuilder<unknown>, uids: readonly string[]): RawBuilder<unknown> {
  return sql`exists (select from regexp_matches(lower(${text}), '[a-z0-9]{4,12}', 'g') as word
    where word[1] = any(${uids}))`;
}
