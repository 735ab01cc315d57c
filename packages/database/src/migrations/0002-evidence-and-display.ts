import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What settled the outcome of a post, and posts that GroupMe accepted and did not show in time. Adds only:
 * an audit-logger of the version before goes on storing while replicas are replaced.
 */
export const evidenceAndDisplay: Migration = {
  async up(db) {
    await run(
      db,
      'alter table groupme_posts add column evidence text',
      `create table groupme_undisplayed (
        event_id uuid primary key,
        occurred_at timestamptz not null,
        received_at timestamptz not null default now(),
        wbor_message_id text,
        source text,
        code integer,
        bot text,
        text text, picture_url text, part integer, parts integer,
        sent_at timestamptz, waited_ms double precision,
        payload jsonb not null)`,
      `create index groupme_undisplayed_wbor_message_id
        on groupme_undisplayed (wbor_message_id text_pattern_ops)`,
      'create index groupme_undisplayed_occurred_at on groupme_undisplayed (occurred_at)',
      MESSAGE_STORY,
    );
  },
};

const CLOCKS_APART = "interval '1 minute'";
const LATEST_ECHO = "interval '10 minutes'";

/**
 * The view of the migration before, which explains it, with evidence and rows of kind `undisplayed`. Those are
 * told at the moment when they were found, so an echo that came all the same, late, follows them.
 */
const MESSAGE_STORY = `
  create or replace view message_story as
  with told as (
    select wbor_message_id, occurred_at, occurred_at as sorted_at, 2 as step, 'post' as kind, part, attempt,
      outcome, code, text, picture_url,
      jsonb_strip_nulls(jsonb_build_object('source', source, 'parts', parts, 'evidence', evidence,
        'sender', sender, 'sender_name', sender_name, 'duration_ms', duration_ms, 'error', error)) as detail
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
    select wbor_message_id, occurred_at, occurred_at, 4, 'undisplayed', part, null,
      null, code, text, picture_url,
      jsonb_strip_nulls(jsonb_build_object('source', source, 'parts', parts, 'sent_at', sent_at,
        'waited_ms', waited_ms))
    from groupme_undisplayed where wbor_message_id is not null
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
