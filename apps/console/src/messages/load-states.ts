import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import { echoOf, within } from './posts-of.ts';
import { type MessageState, type PartResult, stateOf } from './state.ts';

interface Row {
  readonly id: string;
  readonly results: readonly PartResult[];
  readonly echoed: number;
  readonly undisplayed: number;
}

/** After so long a message is in the chat, or parked. */
const LONGEST_MS = 32 * 86_400_000;

/** What became of each of these messages, in one query; those that nothing is known of are not among them. */
export async function loadStates(
  db: Kysely<Database>,
  messages: readonly { readonly wbor_message_id: string; readonly first_at: Date }[],
): Promise<ReadonlyMap<string, MessageState>> {
  if (messages.length === 0) return new Map();
  const ids = messages.map((message) => message.wbor_message_id);
  const times = messages.map((message) => message.first_at.getTime());
  const span = { from: new Date(Math.min(...times)), to: new Date(Math.max(...times) + LONGEST_MS) };
  const isOne = sql`wbor_message_id = any(${ids}::text[])`;
  const { rows } = await sql<Row>`
    with results as materialized (
      select distinct on (wbor_message_id, part) wbor_message_id, part, parts, outcome, code, evidence, occurred_at, text,
        picture_url, bot
      from ${within('groupme_posts', span, isOne)} as posts
      order by wbor_message_id, part, occurred_at desc, attempt desc
    ), undisplayed as (
      select wbor_message_id, count(distinct coalesce(part, 1))::int as undisplayed
      from groupme_undisplayed where ${isOne} group by 1
    )
    select results.wbor_message_id as id,
      json_agg(json_build_object('part', part, 'parts', parts, 'outcome', outcome, 'code', results.code, 'evidence', evidence)) as results,
      count(echo.occurred_at)::int as echoed, coalesce(max(undisplayed), 0) as undisplayed
    from results left join undisplayed using (wbor_message_id) left join lateral ${echoOf('results', span)} as echo on true
    group by 1`.execute(db);
  return new Map(
    rows.flatMap(({ id, ...facts }) => {
      const state = stateOf(facts);
      return state === undefined ? [] : [[id, state] as const];
    }),
  );
}
