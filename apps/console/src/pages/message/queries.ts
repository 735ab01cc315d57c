import type { Database, MessageStoryView, MessagesTable } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import { type Kysely, type Selectable, sql } from 'kysely';
import { loadStates } from '../../messages/load-states.ts';
import { echoOf, within } from '../../messages/posts-of.ts';
import type { MessageState } from '../../messages/state.ts';
import { uidCondition } from '../../messages/uid-condition.ts';

/** A script may have one id for all that it ever sends. */
const MAX_LINES = 500;
const MAX_LISTED = 50;
/** Longer after its first post nobody else claims an echo of a message. */
const LONGEST_MS = 32 * 86_400_000;

/** As the view message_story has it. */
export type StoryLine = Omit<MessageStoryView, 'wbor_message_id' | 'uid'>;

/** What was done about it by people: here, or in the chat. */
interface Deed {
  readonly at: Date;
  readonly who: string;
  readonly what: string;
}

export interface Story {
  readonly id: string;
  /** In order, at most {@link MAX_LINES}. */
  readonly lines: readonly StoryLine[];
  readonly isCut: boolean;
  readonly deeds: readonly Deed[];
  readonly state: MessageState | undefined;
  /** All that have sent under this id, in full. */
  readonly senders: readonly string[];
}

/** undefined for an id that no row has. */
export async function loadStory(
  db: Kysely<Database>,
  id: string,
  normaliseSender: SenderNormaliser,
): Promise<Story | undefined> {
  const rows = await loadLines(db, id);
  const [first] = rows;
  if (first === undefined) return undefined;
  const lines = rows.slice(0, MAX_LINES);
  const senders = [...new Set(lines.map(senderOf).filter((sender) => sender !== undefined))];
  const [states, deeds] = await Promise.all([
    loadStates(db, [{ wbor_message_id: id, first_at: first.occurred_at }]),
    loadDeeds(db, id, senders, normaliseSender),
  ]);
  return { id, lines, isCut: rows.length > MAX_LINES, deeds, state: states.get(id), senders };
}

/** What the view message_story tells of one message. The view is for people: it looks into each month, and reads all posts for an echo. */
async function loadLines(db: Kysely<Database>, id: string): Promise<StoryLine[]> {
  const isIt = sql`wbor_message_id = ${id}`;
  const known = await sql<{ at: Date }>`
    select min(at) as at from (
      select first_at as at from groupme_messages where ${isIt}
      union all select occurred_at from groupme_callbacks where ${isIt}
      union all select occurred_at from groupme_undisplayed where ${isIt}) as known`.execute(db);
  // What is in none of them is an answer to a command, or has no post yet. Those of long ago nobody asks for.
  const from = known.rows[0]?.at ?? new Date(Date.now() - LONGEST_MS);
  const { rows } = await sql<StoryLine>`
    with posts as materialized (
      select distinct on (event_id) * from ${within('groupme_posts', { from }, isIt)} as posts limit ${MAX_LINES + 1}
    ), told as (
      select occurred_at, occurred_at as sorted_at, 2 as step, 'post' as kind, part, attempt, outcome, code, text, picture_url,
        jsonb_build_object('source', source, 'parts', parts, 'evidence', evidence, 'sender', sender, 'sender_name', sender_name,
          'duration_ms', duration_ms, 'error', error, 'published_at', payload -> 'published_at', 'planned_at', payload -> 'planned_at')
        as detail
      from posts
      union all
      select occurred_at, occurred_at, 1, 'image', null, attempt, outcome, code, null, picture_url,
        jsonb_build_object('source', source, 'image_url', image_url, 'content_type', content_type, 'bytes', bytes,
          'sender', sender, 'duration_ms', duration_ms, 'error', error)
      from (select distinct on (event_id) * from ${within('groupme_images', { from }, isIt)} as images limit ${MAX_LINES}) as images
      union all
      select occurred_at, occurred_at, 0, 'callback', null, null, null, code, text, picture_url,
        jsonb_build_object('sender_name', sender_name)
      from groupme_callbacks where ${isIt}
      union all
      select occurred_at, occurred_at, 4, 'undisplayed', part, null, null, code, text, picture_url,
        jsonb_build_object('source', source, 'parts', parts, 'waited_ms', waited_ms)
      from groupme_undisplayed where ${isIt}
      union all
      select echo.occurred_at, greatest(echo.occurred_at, posts.occurred_at), 3, 'echo', part, attempt, null, echo.code,
        echo.text, echo.picture_url, jsonb_build_object('parts', parts)
      from (
        select distinct on (part) * from posts
        where coalesce(outcome, 'delivered') in ('delivered', 'unknown', 'already-sent') order by part, occurred_at desc
      ) as posts cross join lateral ${echoOf('posts', { from, to: new Date(from.getTime() + LONGEST_MS) })} as echo
    )
    select occurred_at, kind, part, attempt, outcome, code, text, picture_url, detail from told
    order by sorted_at, part nulls first, attempt nulls first, step limit ${MAX_LINES + 1}`.execute(db);
  return rows;
}

/** Messages that are called so in the chat. */
export async function findByUid(db: Kysely<Database>, uid: string): Promise<Selectable<MessagesTable>[]> {
  const { rows } = await sql<Selectable<MessagesTable>>`
    select * from groupme_messages where ${uidCondition(uid)} order by first_at desc limit ${MAX_LISTED}`.execute(
    db,
  );
  return rows;
}

function senderOf({ detail, kind }: StoryLine): string | undefined {
  return kind !== 'callback' && typeof detail.sender === 'string' && detail.sender !== ''
    ? detail.sender
    : undefined;
}

const ACTIONS: Readonly<Record<string, string>> = {
  'number.show': 'had the sender’s number shown',
  'source.test': 'sent it, as a test',
  'sender.ban': 'asked the moderator to ban its sender',
  'parked.show': 'looked at it where it was parked',
  'parked.replay': 'asked to have it replayed',
  'parked.edit': 'asked to have it replayed with other words',
  'parked.discard': 'asked to have it deleted from where it was parked',
  'parked.failed': 'had no success with that, as far as is known',
};

async function loadDeeds(
  db: Kysely<Database>,
  id: string,
  senders: readonly string[],
  normaliseSender: SenderNormaliser,
): Promise<Deed[]> {
  const actions = await db
    .selectFrom('console_actions')
    .select(['at', 'name', 'action'])
    .where('target', '=', id)
    .orderBy('id')
    .limit(MAX_LINES)
    .execute();
  const numbers = [...new Set([...senders, ...senders.map(normaliseSender)])];
  const bans =
    numbers.length === 0
      ? []
      : await db
          .selectFrom('groupme_ban_changes')
          .select(['occurred_at', 'caller_name', 'action', 'reason'])
          .where('sender', 'in', numbers)
          .where('about', '=', id)
          .orderBy('occurred_at')
          .limit(MAX_LINES)
          .execute();
  return [
    ...actions.map(({ action, at, name }) => ({ at, who: name, what: ACTIONS[action] ?? action })),
    ...bans.map(({ action, caller_name, occurred_at, reason }) => ({
      at: occurred_at,
      who: caller_name ?? 'somebody in the chat',
      what: `changed the ban of its sender: ${action ?? 'unknown'}${reason === null ? '' : `, ${reason}`}`,
    })),
  ].toSorted((a, b) => a.at.getTime() - b.at.getTime());
}
