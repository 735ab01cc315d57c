import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';

export interface SourceFacts {
  readonly source: string;
  readonly messages: number;
  readonly lastAt: Date;
  /** Of its last messages, newest first. */
  readonly lastTimes: readonly Date[];
  /** Of each of the last days, today last. */
  readonly days: readonly { readonly day: string; readonly messages: number }[];
}

const DAYS = 30;
const LAST_MESSAGES = 50;
/** Anybody may invent a name. */
const MAX_SOURCES = 100;

/** What is known of each source, those that were heard of most lately first. */
export async function loadSources(db: Kysely<Database>): Promise<SourceFacts[]> {
  const { rows } = await sql<{
    source: string;
    messages: string;
    last_at: Date;
    last_times: Date[];
    days: { day: string; messages: number }[];
  }>`
    with sources as (
      select source, messages, last_at from stats_by_source order by last_at desc limit ${MAX_SOURCES}
    )
    select source, messages, last_at,
      array(
        select first_at from groupme_messages message where message.source = sources.source
        order by first_at desc limit ${LAST_MESSAGES}) as last_times,
      (select json_agg(json_build_object('day', to_char(days.day, 'YYYY-MM-DD'), 'messages', coalesce(counts.messages, 0)) order by days.day)
        from generate_series(0, ${DAYS - 1}::int) as ago
        cross join lateral (select station_day(now()) - (${DAYS - 1}::int - ago) as day) as days
        left join message_counts counts on counts.scope = 'source' and counts.name = source and counts.day = days.day) as days
    from sources order by last_at desc`.execute(db);
  return rows.map(({ days, last_at, last_times, messages, source }) => ({
    source,
    messages: Number(messages),
    lastAt: last_at,
    lastTimes: last_times,
    days,
  }));
}
