import type { Database, MessageStoryView, MessagesTable } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import { type Kysely, type Selectable, sql } from 'kysely';
import { loadStates } from '../../messages/load-states.ts';
import type { MessageState } from '../../messages/state.ts';
import { uidCondition } from '../../messages/uid-condition.ts';

/** A script may have one id for all that it ever sends. */
const MAX_LINES = 500;
const MAX_LISTED = 50;

export type StoryLine = MessageStoryView;

/** What was done about it by people: here, or in the chat. */
export interface Deed {
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
  const rows = await db
    .selectFrom('message_story')
    .selectAll()
    .where('wbor_message_id', '=', id)
    .limit(MAX_LINES + 1)
    .execute();
  if (rows.length === 0) return undefined;
  const lines = rows.slice(0, MAX_LINES);
  const senders = [...new Set(lines.map(senderOf).filter((sender) => sender !== undefined))];
  const [states, deeds] = await Promise.all([
    loadStates(db, [id]),
    loadDeeds(db, id, senders, normaliseSender),
  ]);
  return { id, lines, isCut: rows.length > MAX_LINES, deeds, state: states.get(id), senders };
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
