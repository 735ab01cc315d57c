import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Finds a message by the UID that the chat shows, whatever its id; counts the commands of a member; takes the station's
 * time zone from a table. Adds only: services of the version before go on.
 */
export const whoIsMeant: Migration = {
  async up(db) {
    await run(
      db,
      SHOWN_UID,
      // Where the rows are found by the UID, senders first to a command that needs one.
      `create index groupme_messages_shown_uid
        on groupme_messages ((lower(shown_uid(wbor_message_id))) collate "C", wbor_message_id)`,
      `create index groupme_messages_shown_uid_with_sender
        on groupme_messages ((lower(shown_uid(wbor_message_id))) collate "C", wbor_message_id)
        where sender is not null`,
      `create index groupme_messages_with_sender on groupme_messages (wbor_message_id) where sender is not null`,
    );
    for (const table of ['groupme_posts', 'groupme_images', 'groupme_callbacks', 'groupme_undisplayed']) {
      await run(db, `create index ${table}_shown_uid on ${table} ((lower(shown_uid(wbor_message_id))))`);
    }
    await run(
      db,
      MESSAGE_STORY,
      // Null in rows that an older moderator wrote.
      'alter table moderator_handled add column caller_id text, add column outcome text',
      'create index moderator_handled_caller on moderator_handled (caller_id, handled_at)',
      'create table station_clock (single boolean primary key default true check (single), time_zone text not null)',
      "insert into station_clock (time_zone) values ('America/New_York')",
      `create or replace function station_day(at timestamptz) returns date language sql stable parallel safe
        as $$ select (at at time zone (select time_zone from station_clock))::date $$`,
    );
  },
};

/** The same as `shownUid` of @wbor/contracts; a test holds the two together. */
const SHOWN_UID = `
  create function shown_uid(id text) returns text language sql immutable strict parallel safe as $$
    select case
      when id collate "C" ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then left(id, 8)
      when id collate "C" ~ '^[a-z0-9]{4,12}$' then id
      else left(md5(id), 8)
    end $$`;

const CLOCKS_APART = "interval '1 minute'";
const LATEST_ECHO = "interval '10 minutes'";

/** The view of the migration before, with the UID in lower case as its last column. */
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
  select wbor_message_id, occurred_at, kind, part, attempt, outcome, code, text, picture_url, detail,
    lower(shown_uid(wbor_message_id)) as uid
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
