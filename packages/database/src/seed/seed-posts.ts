import { type Kysely, sql } from 'kysely';
import type { Database } from '../tables.ts';

const BATCH_ROWS = 100_000;
/** What a busy station may come to in ten years. */
const SENDERS = 20_000;
const DAYS = 3_650;

/**
 * Adds made-up posts: three in four are SMS of some thousand senders, the others alerts; one in ten has a picture,
 * one in fifty was refused at first. The time runs over ten years and ends when today began. The same rows come to the
 * same ids, UUIDv7 as those of a relay, so that a run that was broken off can be repeated on the same day.
 */
export async function seedPosts(
  db: Kysely<Database>,
  rows: number,
  onProgress: (done: number) => void = () => undefined,
): Promise<void> {
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const to = Math.min(rows, from + BATCH_ROWS);
    await sql`
      insert into groupme_posts (event_id, occurred_at, received_at, wbor_message_id, source, code, text, picture_url,
        part, parts, attempt, outcome, sender, sender_name, duration_ms, payload)
      select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5('seed ' || number), 14))::uuid,
        at, at, id, source, case when refused then 429 else 202 end,
        '"Message number ' || number || '"' || chr(10) || '---UID---' || chr(10) || left(id, 8) || chr(10) || '---------',
        case when number % 10 = 0 then 'https://i.groupme.com/' || number end,
        1, 1, 1, case when refused then 'refused' else 'delivered' end, sender,
        case when sender is not null then 'SENDER ' || right(sender, 5) end, 80, '{}'
      from (
        select number, md5('message ' || number)::uuid::text as id,
          date_trunc('day', now()) - ((${rows} - number)::double precision / ${rows} * ${DAYS}) * interval '1 day' as at,
          number % 50 = 0 as refused,
          case when number % 4 < 3 then 'twilio' else (array['ups', 'endec', 'azuracast'])[1 + number % 3] end as source,
          case when number % 4 < 3
            then '+1207' || lpad((('x' || left(md5(number::text), 7))::bit(28)::int % ${SENDERS})::text, 7, '0') end as sender
        from generate_series(${from}::int, ${to - 1}::int) as number
      ) as made_up
      on conflict (event_id) do nothing
    `.execute(db);
    onProgress(to);
  }
}
