import type { Database } from '@wbor/database';
import type { Kysely } from 'kysely';
import { loadStates } from '../messages/load-states.ts';
import { MAX_MESSAGES } from './live-board.ts';
import { type LiveMessage, RECEIVED } from './live-message.ts';

/** The latest messages that the audit knows, oldest first. */
export async function loadLatest(db: Kysely<Database>): Promise<LiveMessage[]> {
  const rows = await db
    .selectFrom('groupme_messages')
    .selectAll()
    .orderBy('first_at', 'desc')
    .limit(MAX_MESSAGES)
    .execute();
  const states = await loadStates(db, rows);
  return rows
    .map(
      (row): LiveMessage => ({
        id: row.wbor_message_id,
        key: row.wbor_message_id,
        source: row.source,
        sender: row.sender ?? undefined,
        senderName: row.sender_name ?? undefined,
        text: row.blocked ? '(blocked)' : (row.text ?? ''),
        at: row.first_at,
        state: states.get(row.wbor_message_id) ?? RECEIVED,
        results: new Map(),
        texts: new Map(),
        echoed: new Set(),
      }),
    )
    .reverse();
}
