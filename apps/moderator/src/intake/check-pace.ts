import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import type { CommandResult } from '../commands/types.ts';

/**
 * What becomes of a member's next command:
 *
 * - `ran`: it is run.
 * - `limited`: it is one too many. The answer says so, once, and begins a minute of silence.
 * - `ignored`: it came in that minute. The audit has it, the chat hears nothing.
 */
export type Pace = 'ran' | 'limited' | 'ignored';

/** Counts in the table of what was handled, so that a restart or another moderator counts on. Others are not affected. */
export async function checkPace(db: Kysely<Database>, callerId: string, maxPerMinute: number): Promise<Pace> {
  if (maxPerMinute === 0) return 'ran';
  const { rows } = await sql<{ ran: string; limited: boolean }>`
    select count(*) filter (where outcome = 'ran') as ran, coalesce(bool_or(outcome = 'limited'), false) as limited
    from moderator_handled
    where caller_id = ${callerId} and handled_at > now() - interval '1 minute'
  `.execute(db);
  const [row] = rows;
  if (row?.limited) return 'ignored';
  return Number(row?.ran ?? 0) >= maxPerMinute ? 'limited' : 'ran';
}

export function tooMany(pace: 'limited' | 'ignored'): CommandResult {
  return {
    result: 'refused',
    reply:
      pace === 'limited'
        ? 'That is too many commands within a minute. I ignore yours for a minute; those of others are not affected.'
        : '',
  };
}
