/** Regular expressions as the broker reads them; without anchors, but for {@link anyOf} and {@link NOTHING}. */

/** Names that the broker makes for queues of one connection. No other connection may use such a queue. */
export const SERVER_NAMED = 'amq\\.gen-.*';

/** Matches the empty text alone, which no queue, exchange or key of ours is. */
export const NOTHING = '^$';

/** The name itself and nothing else. */
export function exactly(name: string): string {
  return name.replaceAll(/[^\w-]/g, '\\$&');
}

/** Matches what one of the expressions matches as a whole. */
export function anyOf(expressions: readonly string[]): string {
  if (expressions.length === 0) return NOTHING;
  return `^(?:${[...new Set(expressions)].join('|')})$`;
}
