import type { Database, MessagesTable } from '@wbor/database';
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { PageDeps } from '../../deps.ts';
import { loadStates } from '../../messages/load-states.ts';
import type { MessageState, StateName } from '../../messages/state.ts';
import { uidCondition } from '../../messages/uid-condition.ts';
import { beginningWith, containing, dayBounds, type Filter, readTerms } from './filter.ts';

export interface ListedMessage extends Selectable<MessagesTable> {
  readonly state: MessageState | undefined;
}

export interface MessageList {
  readonly messages: readonly ListedMessage[];
  /** Where to go on; undefined at the end. */
  readonly next: Pick<Filter, 'before' | 'beforeId'> | undefined;
  /** How far back was looked: with a filter by state not everything is looked at at once. */
  readonly lookedBackTo: Date | undefined;
}

const PAGE_ROWS = 50;
/** So many messages are looked at for those of a state that many have; the rest is for the next page. */
const LOOKED_AT_ROWS = 200;
/** What so few posts end with that an index lists them (migration 0011). */
const RARE: Readonly<Partial<Record<StateName, string>>> = {
  doubt: 'unknown',
  refused: 'rejected',
  blocked: 'blocked',
  expired: 'expired',
  logged: 'already-sent',
};

type Deps = Pick<PageDeps, 'db' | 'clock' | 'normaliseSender'>;

/**
 * A page of messages, newest first.
 *
 * @param seesBlocked whether words of blocked messages may be searched: whoever may not read them must not guess them either.
 */
export async function listMessages(deps: Deps, filter: Filter, seesBlocked: boolean): Promise<MessageList> {
  const { db } = deps;
  const rare = filter.state && RARE[filter.state];
  const limit = filter.state === undefined || rare ? PAGE_ROWS : LOOKED_AT_ROWS;
  const conditions = await conditionsOf(deps, filter, seesBlocked);
  if (conditions === undefined) return { messages: [], next: undefined, lookedBackTo: undefined };
  const select = async (more: readonly RawBuilder<unknown>[]) => {
    const { rows } = await sql<Selectable<MessagesTable> & { readonly at: string }>`
      select wbor_message_id, first_at, first_at::text as at, source, sender, sender_name, text, blocked
      from groupme_messages message where ${sql.join([...conditions, ...more], sql` and `)}
      order by first_at desc, wbor_message_id desc limit ${limit + 1}`.execute(db);
    return rows;
  };
  let rows = rare === undefined ? await select([]) : await select(endedSo(rare, filter));
  if (rare !== undefined && rows.length <= limit) rows = await select([hasPost(rare, filter, sql`true`)]);

  const looked = rows.slice(0, limit);
  const states = await loadStates(db, looked);
  const fitting = looked
    .map((row) => ({ ...row, state: states.get(row.wbor_message_id) }))
    .filter(({ state }) => filter.state === undefined || state?.name === filter.state)
    // It may have been blocked at a later attempt than the first, which alone the condition knows.
    .filter(({ state }) => seesBlocked || filter.q === undefined || state?.name !== 'blocked');
  const messages = fitting.slice(0, PAGE_ROWS);
  const last = fitting.length > PAGE_ROWS ? messages.at(-1) : looked.at(-1);
  const isEnd = rows.length <= limit && fitting.length <= PAGE_ROWS;
  return {
    messages,
    next: last === undefined || isEnd ? undefined : { before: last.at, beforeId: last.wbor_message_id },
    lookedBackTo: filter.state === undefined ? undefined : last?.first_at,
  };
}

/** Names of all sources, those that are heard of most lately first. */
export async function listSources(db: Kysely<Database>): Promise<string[]> {
  const rows = await db.selectFrom('stats_by_source').select('source').orderBy('last_at', 'desc').execute();
  return rows.map(({ source }) => source).filter((source) => source !== '');
}

/** undefined when nothing can fit. */
async function conditionsOf(
  { clock, db, normaliseSender }: Deps,
  filter: Filter,
  seesBlocked: boolean,
): Promise<RawBuilder<unknown>[] | undefined> {
  const conditions: RawBuilder<unknown>[] = [sql`true`];
  const [from, to] = [dayBounds(filter.from, clock), dayBounds(filter.to, clock)];
  if (from) conditions.push(sql`first_at >= ${from.start}`);
  if (to) conditions.push(sql`first_at < ${to.end}`);
  if (filter.before !== undefined) {
    conditions.push(
      sql`(first_at, wbor_message_id) < (${filter.before}::timestamptz, ${filter.beforeId ?? ''})`,
    );
  }
  if (filter.source !== undefined) conditions.push(sql`source = ${filter.source}`);
  if (filter.uid !== undefined) conditions.push(uidCondition(filter.uid));
  if (filter.sender !== undefined) conditions.push(sql`"right"(sender, 4) = ${filter.sender}`);
  if (filter.by !== undefined) {
    const sender = await senderOf(db, filter.by);
    if (sender === undefined) return undefined;
    conditions.push(isOf(normaliseSender(sender)));
  }
  if (filter.q !== undefined) {
    const words = await wordConditions(db, filter.q, filter.whole !== undefined);
    if (words.length === 0) return undefined;
    conditions.push(...words);
    if (!seesBlocked) conditions.push(sql`not blocked`);
  }
  return conditions;
}

function hasPost(outcome: string, { source }: Filter, when: RawBuilder<unknown>): RawBuilder<unknown> {
  // Or all of them would be looked up to find that they are of other sources.
  const isOfIt = source === undefined ? sql`true` : sql`left(coalesce(post.source, ''), 100) = ${source}`;
  // A literal, so that Postgres sees that the index holds all of them.
  return sql`exists (select from groupme_posts post
    where post.wbor_message_id = message.wbor_message_id and post.outcome = ${sql.lit(outcome)} and ${isOfIt} and ${when})`;
}

/** Those of the last three months before a moment: they may be many in ten years, and are looked up one by one. */
function endedSo(outcome: string, filter: Filter): RawBuilder<unknown>[] {
  const end = sql`coalesce(${filter.before ?? null}::timestamptz, now())`;
  const start = sql`${end} - interval '90 days'`;
  return [
    sql`first_at >= ${start}`,
    hasPost(outcome, filter, sql`post.occurred_at between ${start} and ${end} + interval '32 days'`),
  ];
}

async function wordConditions(
  db: Kysely<Database>,
  words: string,
  whole: boolean,
): Promise<RawBuilder<unknown>[]> {
  const terms = readTerms(words);
  if (terms.length === 0) return [];
  if (whole) return [sql`to_tsvector('simple', text) @@ websearch_to_tsquery('simple', ${words})`];
  const { rows } = await sql<{ has: boolean }>`
    select to_regclass('groupme_messages_parts_of_words') is not null as has`.execute(db);
  const hasParts = rows[0]?.has ?? false;
  return terms.map(({ hasTrigrams, text }) => {
    // Of one or two letters nearly every text has a part: they are looked for as a word.
    if (!hasTrigrams) return sql`to_tsvector('simple', text) @@ plainto_tsquery('simple', ${text})`;
    return hasParts
      ? sql`text ilike ${containing(text)}`
      : sql`to_tsvector('simple', text) @@ to_tsquery('simple', ${beginningWith(text)})`;
  });
}

/** @param sender normalised. @returns the id of its latest message; undefined without any. */
export async function latestOf(db: Kysely<Database>, sender: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`select wbor_message_id as id from groupme_messages
    where ${isOf(sender)} order by first_at desc limit 1`.execute(db);
  return rows[0]?.id;
}

/** @param sender normalised: a number, or a name as it stands in the audit. */
function isOf(sender: string): RawBuilder<unknown> {
  const digits = sender.replace(/\D/g, '');
  const spelled = sql`regexp_replace(sender, '\\D', '', 'g')`;
  // Older rows have numbers as they came: without the country's code, or with blanks.
  return sql`"right"(sender, 4) = "right"(${sender}, 4)
    and (sender = ${sender} or (length(${spelled}) >= 7 and ${digits}::text like '%' || ${spelled}))`;
}

async function senderOf(db: Kysely<Database>, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('groupme_messages')
    .select('sender')
    .where('wbor_message_id', '=', id)
    .executeTakeFirst();
  return row?.sender ?? undefined;
}
