import type { Database } from '@wbor/database';
import type { StationClock } from '@wbor/station-clock';
import { type Kysely, sql } from 'kysely';

interface Counted {
  readonly name: string;
  readonly messages: number;
}

export interface Statistics {
  /** Of each day, today last. */
  readonly byDay: readonly Counted[];
  /** Most first. */
  readonly bySource: readonly Counted[];
  /** 24 hours of the station's clock. */
  readonly byHour: readonly Counted[];
  /** Numbers in full. */
  readonly topSenders: readonly Counted[];
  /** The last two are of messages since then; undefined when there are none. */
  readonly countedSince: Date | undefined;
}

const DAY_MS = 86_400_000;
/** Counting messages one by one takes its time. */
const MAX_COUNTED = 10_000;
const TOP_SENDERS = 10;
const MAX_SOURCES = 20;

/** @param days how far to look back, today included. */
export async function loadStatistics(
  db: Kysely<Database>,
  days: number,
  clock: StationClock,
): Promise<Statistics> {
  const [byDay, bySource, counted] = await Promise.all([
    sql<{ name: string; messages: string }>`
      select to_char(days.day, 'YYYY-MM-DD') as name, coalesce(messages, 0) as messages
      from (select station_day(now()) - ago as day from generate_series(0, ${days - 1}::int) as ago) as days
      left join stats_by_day as counts on counts.day = days.day order by days.day`.execute(db),
    sql<{ name: string; messages: string }>`
      select name, sum(messages) as messages from message_counts
      where scope = 'source' and day > station_day(now()) - ${days}::int
      group by 1 order by 2 desc limit ${MAX_SOURCES}`.execute(db),
    countRecent(db, new Date(Date.now() - days * DAY_MS), clock.timeZone),
  ]);
  return {
    byDay: byDay.rows.map(toCounted),
    bySource: bySource.rows.map(toCounted),
    ...counted,
  };
}

/** What no counts are kept of, in one pass over the latest messages. */
async function countRecent(
  db: Kysely<Database>,
  since: Date,
  timeZone: string,
): Promise<Pick<Statistics, 'byHour' | 'topSenders' | 'countedSince'>> {
  const { rows } = await sql<{
    hour: number | null;
    sender: string | null;
    messages: string;
    since: Date | null;
  }>`
    with recent as materialized (
      select extract(hour from first_at at time zone ${timeZone})::int as hour, sender, first_at
      from groupme_messages where first_at >= ${since}
      order by first_at desc limit ${MAX_COUNTED}
    )
    select hour, null as sender, count(*) as messages, min(first_at) as since from recent group by hour
    union all
    (select null, sender, count(*), min(first_at) from recent where sender is not null
      group by sender order by 3 desc limit ${TOP_SENDERS})`.execute(db);
  const hours = new Map(
    rows.filter(({ hour }) => hour !== null).map(({ hour, messages }) => [hour, Number(messages)]),
  );
  const times = rows.map((row) => row.since?.getTime() ?? Number.POSITIVE_INFINITY);
  return {
    countedSince: times.length === 0 ? undefined : new Date(Math.min(...times)),
    byHour: Array.from({ length: 24 }, (_, hour) => ({ name: String(hour), messages: hours.get(hour) ?? 0 })),
    topSenders: rows.flatMap(({ messages, sender }) =>
      sender === null ? [] : [{ name: sender, messages: Number(messages) }],
    ),
  };
}

function toCounted({ messages, name }: { readonly name: string; readonly messages: string }): Counted {
  return { name, messages: Number(messages) };
}
