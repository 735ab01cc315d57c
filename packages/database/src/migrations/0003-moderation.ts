import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Commands and bans for the audit, the moderator's own tables, and counts that are kept as rows arrive. Adds only:
 * an audit-logger of the version before goes on storing, and what it stores is counted too.
 */
export const moderation: Migration = {
  async up(db) {
    await run(
      db,
      `create table groupme_commands (${EVENT_COLUMNS}
        groupme_id text, command text, argument text, caller text, caller_name text, result text, reply text,
        payload jsonb not null)`,
      'create index groupme_commands_occurred_at on groupme_commands (occurred_at)',
      'create index groupme_commands_caller on groupme_commands (caller)',
      `create table groupme_ban_changes (${EVENT_COLUMNS}
        groupme_id text, action text, sender text, until timestamptz, reason text, about text, caller text,
        caller_name text, version bigint,
        payload jsonb not null)`,
      'create index groupme_ban_changes_occurred_at on groupme_ban_changes (occurred_at)',
      'create index groupme_ban_changes_sender on groupme_ban_changes (sender)',
      // A reply in the chat names the message that it answers by GroupMe's id.
      'create index groupme_echoes_groupme_id on groupme_echoes (groupme_id)',
      ...MODERATOR,
      ...COUNTS,
    );
  },
};

const EVENT_COLUMNS = `
  event_id uuid primary key,
  occurred_at timestamptz not null,
  received_at timestamptz not null default now(),
  wbor_message_id text,
  source text,
  code integer,
  bot text,
`;

const MODERATOR = [
  `create table bans (
    id uuid primary key,
    sender text not null,
    banned_at timestamptz not null,
    until timestamptz,
    reason text,
    about text,
    banned_by text not null,
    banned_by_name text,
    lifted_at timestamptz,
    lifted_by text)`,
  // One ban of a sender at a time, whatever several moderators do at once.
  'create unique index bans_active on bans (sender) where lifted_at is null',
  // One row. Every change of the list locks it first, so lists and versions have one order.
  'create table ban_list_version (single boolean primary key default true check (single), version bigint not null)',
  'insert into ban_list_version (version) values (0)',
  `create table moderator_handled (
    callback_id text primary key,
    handled_at timestamptz not null default now())`,
  `create table moderator_outbox (
    id bigint generated always as identity primary key,
    message_id uuid not null unique,
    routing_key text not null,
    body jsonb not null,
    mandatory boolean not null,
    created_at timestamptz not null default now(),
    published_at timestamptz)`,
  'create index moderator_outbox_waiting on moderator_outbox (id) where published_at is null',
];

/** Cut: a key of an index has room for about 2 700 bytes, and a post with a silly source must be stored all the same. */
const SOURCE = "left(coalesce(source, ''), 100)";

/**
 * Counting five million rows takes seconds, so counts are kept. A trigger over whole statements sees exactly the
 * rows that `on conflict do nothing` has really inserted, so an event that is delivered again counts once.
 * A message is its first row: further parts, pictures and attempts add none.
 *
 * Rows are taken in the order of their keys, so that two replicas cannot lock each other crosswise.
 *
 * @param isMessage what leaves out the moderator's own answers; a later migration has another one.
 */
export function countPosts(posts: string, isMessage = "source is distinct from 'command'"): string {
  return `
    with first_rows as (
      select distinct on (wbor_message_id) wbor_message_id, occurred_at, ${SOURCE} as source, sender,
        sender_name, left(text, 200) as text, coalesce(outcome = 'blocked', false) as blocked
      from ${posts}
      where wbor_message_id is not null and ${isMessage}
      order by wbor_message_id, occurred_at
    ), new_messages as (
      insert into groupme_messages (wbor_message_id, first_at, source, sender, sender_name, text, blocked)
      select * from first_rows order by wbor_message_id collate "C"
      on conflict (wbor_message_id) do nothing
      returning first_at, source, sender, blocked
    ), facts as (
      select first_at as at, source, sender, 1 as messages, 0 as images, blocked::int as blocked from new_messages
      union all
      select occurred_at, ${SOURCE}, sender, 0, 1, 0 from ${posts}
      where coalesce(picture_url, '') <> '' and ${isMessage}
        and coalesce(outcome in ('delivered', 'already-sent'), code between 200 and 299)
    ), named as (
      select 'all' as scope, '' as name, facts.* from facts
      union all
      select 'source', source, facts.* from facts
      union all
      select 'sender', sender, facts.* from facts where sender is not null
    )
    insert into message_counts as counts (scope, name, day, messages, images, blocked, first_at, last_at)
    select scope, name, station_day(at), sum(messages), sum(images), sum(blocked), min(at), max(at)
    from named group by 1, 2, 3 order by 1, 2, 3
    on conflict (scope, name, day) do update set
      messages = counts.messages + excluded.messages,
      images = counts.images + excluded.images,
      blocked = counts.blocked + excluded.blocked,
      first_at = least(counts.first_at, excluded.first_at),
      last_at = greatest(counts.last_at, excluded.last_at);`;
}

const TOTALS = `sum(messages)::bigint as messages, sum(images)::bigint as images, sum(blocked)::bigint as blocked,
    min(first_at) as first_at, max(last_at) as last_at`;

const COUNTS = [
  // The station is in Maine: its day is what "today" means in the chat.
  `create function station_day(at timestamptz) returns date language sql stable parallel safe
    as $$ select (at at time zone 'America/New_York')::date $$`,
  // Collation C: a search by prefix and a limit then need no sorting.
  `create table groupme_messages (
    wbor_message_id text collate "C" primary key,
    first_at timestamptz not null,
    source text not null,
    sender text,
    sender_name text,
    text text,
    blocked boolean not null)`,
  `create table message_counts (
    scope text collate "C" not null check (scope in ('all', 'source', 'sender')),
    name text collate "C" not null,
    day date not null,
    messages bigint not null,
    images bigint not null,
    blocked bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (scope, name, day)) with (fillfactor = 70)`,
  `create function count_posts() returns trigger language plpgsql
    as $$ begin ${countPosts('incoming')} return null; end $$`,
  `create trigger count_posts after insert on groupme_posts referencing new table as incoming
    for each statement execute function count_posts()`,
  // The trigger's lock holds up inserts until all this is committed, so no row is missed or counted twice.
  countPosts('groupme_posts'),
  `create view stats_by_sender as
    select name as sender, ${TOTALS} from message_counts where scope = 'sender' group by name`,
  `create view stats_by_source as
    select name as source, ${TOTALS} from message_counts where scope = 'source' group by name`,
  `create view stats_overall as select ${TOTALS} from message_counts where scope = 'all' and name = ''`,
  `create view stats_by_day as
    select day, messages, images, blocked, first_at, last_at from message_counts where scope = 'all' and name = ''`,
];

async function run(db: Kysely<unknown>, ...statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
