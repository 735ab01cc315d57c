import { firstIdAt } from '@wbor/database';
import { type RawBuilder, sql } from 'kysely';

/** When posts were made, as far as that is known. */
export interface Span {
  readonly from: Date;
  /** Default: until now, and later. */
  readonly to?: Date;
}

/** Clocks of producers may be ahead of ours. */
const CLOCKS_APART_MS = 86_400_000;

/**
 * The partitions of a table that hold what happened then, and the default one: to look into all of ten years' months takes
 * longer than to find the rows (decision 28). Some rows may be there twice.
 *
 * @returns something to select from.
 */
export function within(
  table: 'groupme_posts' | 'groupme_images',
  { from, to }: Span,
  where: RawBuilder<unknown>,
) {
  const first = firstIdAt(new Date(Math.max(0, from.getTime() - CLOCKS_APART_MS)));
  const upTo = to === undefined ? sql`true` : sql`event_id < ${firstIdAt(to)}::uuid`;
  return sql`(select * from ${sql.table(table)} where event_id >= ${first}::uuid and ${upTo} and ${where}
    union all select * from ${sql.table(`${table}_rest`)} where ${where})`;
}

/**
 * The echo of a post, as the view message_story finds it: with the same words, picture and bot around the same time, if no other
 * message could claim it. One post after the other by an index, where the view reads all posts.
 *
 * @param post name of what the post is called in the query.
 * @returns something to join laterally: at most one row of groupme_echoes.
 */
export function echoOf(post: string, span: Span): RawBuilder<unknown> {
  const own = sql.raw(post);
  const same = (one: RawBuilder<unknown>) => sql`coalesce(echo.text, '') = coalesce(${one}.text, '')
    and coalesce(echo.picture_url, '') = coalesce(${one}.picture_url, '')
    and (echo.bot is null or ${one}.bot is null or echo.bot = ${one}.bot)
    and coalesce(${one}.outcome, 'delivered') in ('delivered', 'unknown', 'already-sent')`;
  const near = sql`occurred_at between echo.occurred_at - interval '10 minutes' and echo.occurred_at + interval '1 minute'`;
  return sql`(
    select echo.occurred_at, echo.code, echo.text, echo.picture_url, echo.sender_name from groupme_echoes echo
    where echo.occurred_at between ${own}.occurred_at - interval '1 minute' and ${own}.occurred_at + interval '10 minutes'
      and ${same(own)}
      and not exists (select from ${within('groupme_posts', span, near)} as other
        where other.wbor_message_id <> ${own}.wbor_message_id and ${same(sql.raw('other'))})
    order by abs(extract(epoch from echo.occurred_at - ${own}.occurred_at)) limit 1)`;
}
