import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import { type MessageState, type PartResult, stateOf } from './state.ts';

interface Row {
  readonly id: string;
  readonly results: readonly PartResult[];
  readonly echoed: number;
  readonly undisplayed: number;
}

/** What became of each of these messages, in one query; those that nothing is known of are not among them. */
export async function loadStates(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, MessageState>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Row>`
    with results as (
      select distinct on (wbor_message_id, part) wbor_message_id, part, parts, outcome, code, evidence
      from groupme_posts where wbor_message_id = any(${ids}::text[])
      order by wbor_message_id, part, occurred_at desc, attempt desc
    ), echoes as (
      select wbor_message_id, count(distinct coalesce(part, 1))::int as echoed
      from message_story where kind = 'echo' and wbor_message_id = any(${ids}::text[]) group by 1
    ), undisplayed as (
      select wbor_message_id, count(distinct coalesce(part, 1))::int as undisplayed
      from groupme_undisplayed where wbor_message_id = any(${ids}::text[]) group by 1
    )
    select results.wbor_message_id as id,
      json_agg(json_build_object('part', part, 'parts', parts, 'outcome', outcome, 'code', code, 'evidence', evidence)) as results,
      coalesce(max(echoed), 0) as echoed, coalesce(max(undisplayed), 0) as undisplayed
    from results left join echoes using (wbor_message_id) left join undisplayed using (wbor_message_id)
    group by 1`.execute(db);
  return new Map(
    rows.flatMap(({ id, ...facts }) => {
      const state = stateOf(facts);
      return state === undefined ? [] : [[id, state] as const];
    }),
  );
}
