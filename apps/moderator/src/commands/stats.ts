import type { Database, Totals } from '@wbor/database';
import { maskNumber, shorten } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { type Kysely, sql } from 'kysely';
import { findMessage } from '../messages/find-message.ts';
import { plural } from '../messages/show.ts';
import { plainWord } from '../text/plain-text.ts';
import { type Command, type CommandContext, type CommandResult, done, invalid } from './types.ts';

const MAX_SOURCES = 8;
const WEEK_DAYS = 7;

/** Counts of all messages, of today, of the last seven days, of a source, or of a message's sender. */
export const stats: Command = {
  name: 'stats',
  restricted: false,
  help: {
    original: '!stats <UID> - Display message statistics for a phone number',
    added: '!stats, !stats today, !stats week, !stats <source> - Statistics of all messages',
  },
  async run(context) {
    const result = await answer(context);
    return result.result === 'done' ? { ...result, page: '/statistics' } : result;
  },
};

async function answer(context: CommandContext): Promise<CommandResult> {
  const word = plainWord(context.call.argument);
  if (word === 'today') return done(`Today: ${await today(context.db)}`);
  if (word === 'week') return done(await lastWeek(context.db));
  if (context.call.argument === '' && context.call.replyToId === undefined)
    return done(await overall(context));
  const source = await ofSource(context, context.call.argument, word);
  if (source !== undefined) return done(source);
  return ofMessage(context);
}

async function overall({ clock, db }: CommandContext): Promise<string> {
  const totals = await db.selectFrom('stats_overall').selectAll().executeTakeFirst();
  if (!totals?.messages || !totals.first_at || !totals.last_at) return 'There are no messages yet.';
  const sources = await db
    .selectFrom('stats_by_source')
    .select(['source', 'messages'])
    .orderBy('messages', 'desc')
    .limit(MAX_SOURCES)
    .execute();
  const lines = sources.map(
    ({ source, messages }) => `${shorten(source, 30) || 'no source'}: ${plural(Number(messages), 'message')}`,
  );
  return `All messages: ${describe(totals as Totals, clock)}\n${lines.join('\n')}`;
}

async function today(db: Kysely<Database>): Promise<string> {
  const day = await db
    .selectFrom('stats_by_day')
    .selectAll()
    .where('day', '=', sql<Date>`station_day(now())`)
    .executeTakeFirst();
  return day ? describeCounts(day) : 'no messages.';
}

async function lastWeek(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<{ day: string; messages: string; images: string; blocked: string }>`
    select to_char(date, 'Dy, Mon FMDD') as day, coalesce(messages, 0) as messages, coalesce(images, 0) as images,
      coalesce(blocked, 0) as blocked
    from generate_series(0, ${WEEK_DAYS - 1}::int) as ago
    cross join lateral (select station_day(now()) - ago as date) as dates
    left join stats_by_day on stats_by_day.day = date
    order by ago
  `.execute(db);
  return `The last ${WEEK_DAYS} days:\n${rows.map((row) => `${row.day}: ${describeCounts(row)}`).join('\n')}`;
}

async function ofSource(
  { clock, db }: CommandContext,
  name: string,
  word = name,
): Promise<string | undefined> {
  for (const source of new Set([name, name.toLowerCase(), word])) {
    if (source === '') continue;
    const totals = await db
      .selectFrom('stats_by_source')
      .selectAll()
      .where('source', '=', source)
      .executeTakeFirst();
    if (totals) return `Source ${shorten(source, 60)}: ${describe(totals, clock)}`;
  }
  return undefined;
}

async function ofMessage(context: CommandContext): Promise<CommandResult> {
  const { clock, db } = context;
  const lookup = await findMessage(context);
  if (lookup.kind === 'not-found') return invalid(lookup.reply);
  const { sender, source } = lookup.message;
  if (sender === null) {
    const totals = await ofSource(context, source);
    return done(`This message has no sender. ${totals ?? 'Its source has no counts.'}`);
  }
  const totals = await db
    .selectFrom('stats_by_sender')
    .selectAll()
    .where('sender', '=', sender)
    .executeTakeFirst();
  return done(`${maskNumber(sender)}: ${totals ? describe(totals, clock) : 'no counts.'}`);
}

function describe(totals: Totals, clock: StationClock): string {
  return `${describeCounts(totals)} First seen ${clock.showDay(totals.first_at)}, last seen ${clock.showDay(totals.last_at)}.`;
}

function describeCounts(row: Pick<Totals, 'messages' | 'images' | 'blocked'>): string {
  const blocked = Number(row.blocked);
  return `${plural(Number(row.messages), 'message')}, ${plural(Number(row.images), 'image')}${blocked === 0 ? '' : `, ${blocked} blocked`}.`;
}
