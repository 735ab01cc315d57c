import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const EVENT_COLUMNS = `
  event_id uuid primary key,
  occurred_at timestamptz not null,
  received_at timestamptz not null default now(),
  wbor_message_id text,
  source text,
  code integer,
  bot text,
`;

const CALLBACK_COLUMNS = `
  groupme_id text,
  group_id text,
  sender text,
  sender_name text,
  sender_type text,
  text text,
  picture_url text,
  payload jsonb not null
`;

/** Plain DDL: a migration is read by people who know SQL, long after it ran. It must never change. */
export const auditTables: Migration = {
  async up(db) {
    await run(
      db,
      `create table groupme_posts (${EVENT_COLUMNS}
        text text, picture_url text, part integer, parts integer, attempt integer, outcome text,
        sender text, sender_name text, duration_ms double precision, error text,
        payload jsonb not null)`,
      `create table groupme_images (${EVENT_COLUMNS}
        image_url text, picture_url text, content_type text, bytes bigint, sha256 text, attempt integer,
        outcome text, sender text, duration_ms double precision, error text,
        payload jsonb not null)`,
      `create table groupme_callbacks (${EVENT_COLUMNS} ${CALLBACK_COLUMNS})`,
      `create table groupme_echoes (${EVENT_COLUMNS} ${CALLBACK_COLUMNS})`,
      `create table audit_rejected (
        event_id uuid primary key,
        received_at timestamptz not null default now(),
        occurred_at timestamptz,
        routing_key text not null,
        message_id text,
        headers jsonb not null,
        body bytea not null,
        error text not null)`,
      'create index audit_rejected_received_at on audit_rejected (received_at)',
    );
    for (const table of ['groupme_posts', 'groupme_images', 'groupme_callbacks', 'groupme_echoes']) {
      await run(
        db,
        // People type the first 8 characters of an id. With text_pattern_ops one index serves LIKE '…%' and =.
        `create index ${table}_wbor_message_id on ${table} (wbor_message_id text_pattern_ops)`,
        `create index ${table}_occurred_at on ${table} (occurred_at)`,
        `create index ${table}_sender on ${table} (sender) where sender is not null`,
      );
    }
    await run(db, MESSAGE_STORY);
  },
};

const CLOCKS_APART = "interval '1 minute'";
const LATEST_ECHO = "interval '10 minutes'";

/**
 * An echo has ids of its own. It belongs to the post with the same text, picture and bot around the same
 * time, if all such posts are of one message; where two messages could claim it, and where none can, it is
 * in groupme_echoes only. A callback is told under its own id.
 *
 * GroupMe's times are whole seconds, so an echo can seem older than its post: sorting goes by the later.
 */
const MESSAGE_STORY = `
  create view message_story as
  with told as (
    select wbor_message_id, occurred_at, occurred_at as sorted_at, 2 as step, 'post' as kind, part, attempt,
      outcome, code, text, picture_url,
      jsonb_strip_nulls(jsonb_build_object('source', source, 'parts', parts, 'sender', sender,
        'sender_name', sender_name, 'duration_ms', duration_ms, 'error', error)) as detail
    from groupme_posts where wbor_message_id is not null
    union all
    select wbor_message_id, occurred_at, occurred_at, 1, 'image', null, attempt,
      outcome, code, null, picture_url,
      jsonb_strip_nulls(jsonb_build_object('source', source, 'image_url', image_url, 'content_type', content_type,
        'bytes', bytes, 'sha256', sha256, 'sender', sender, 'duration_ms', duration_ms, 'error', error))
    from groupme_images where wbor_message_id is not null
    union all
    select wbor_message_id, occurred_at, occurred_at, 0, 'callback', null, null,
      null, code, text, picture_url,
      jsonb_strip_nulls(jsonb_build_object('groupme_id', groupme_id, 'group_id', group_id, 'sender', sender,
        'sender_name', sender_name, 'sender_type', sender_type))
    from groupme_callbacks where wbor_message_id is not null
    union all
    select * from (
      select distinct on (post.wbor_message_id, echo.event_id)
        post.wbor_message_id, echo.occurred_at, greatest(echo.occurred_at, post.occurred_at), 3, 'echo',
        post.part, post.attempt, null, echo.code, echo.text, echo.picture_url,
        jsonb_strip_nulls(jsonb_build_object('groupme_id', echo.groupme_id, 'group_id', echo.group_id,
          'sender_name', echo.sender_name))
      from groupme_posts post
      join groupme_echoes echo on ${isSamePost('post')}
        and echo.occurred_at between post.occurred_at - ${CLOCKS_APART} and post.occurred_at + ${LATEST_ECHO}
      where post.wbor_message_id is not null
        and not exists (
          select from groupme_posts other
          where other.wbor_message_id <> post.wbor_message_id and ${isSamePost('other')}
            and other.occurred_at between echo.occurred_at - ${LATEST_ECHO} and echo.occurred_at + ${CLOCKS_APART})
      order by post.wbor_message_id, echo.event_id, abs(extract(epoch from echo.occurred_at - post.occurred_at))
    ) matched
  )
  select wbor_message_id, occurred_at, kind, part, attempt, outcome, code, text, picture_url, detail
  from told
  order by wbor_message_id, sorted_at, part nulls first, attempt nulls first, step
`;

/** Posts that GroupMe refused are not in the chat and have no echo. */
function isSamePost(post: string): string {
  return `coalesce(echo.text, '') = coalesce(${post}.text, '')
        and coalesce(echo.picture_url, '') = coalesce(${post}.picture_url, '')
        and (echo.bot is null or ${post}.bot is null or echo.bot = ${post}.bot)
        and coalesce(${post}.outcome, 'delivered') in ('delivered', 'unknown', 'already-sent')`;
}

async function run(db: Kysely<unknown>, ...statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
