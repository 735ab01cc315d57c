import { isBadToken, tokensIn, tokensInBytes } from '../fuzz/inputs/token.ts';
import type { QueuedMessage } from '../read-queue.ts';

// What hostile senders brought about is not the checker's business. It is told apart by the token that each of their
// inputs carries, and by nothing else, so that what nobody sent stays what nobody sent.

/** Whether a text carries the token of a hostile input. */
export function isHostileText(text: string): boolean {
  return [...tokensIn(text)].some(isBadToken);
}

/** The same for what lies in a queue: its properties, headers included, or its body. */
export function isHostileMessage({
  properties,
  content,
}: Pick<QueuedMessage, 'properties' | 'content'>): boolean {
  return isHostileText(properties) || [...tokensInBytes(content)].some(isBadToken);
}

interface IdentifiedRow {
  readonly wbor_message_id: string | null;
  /** All columns, as text. */
  readonly whole: string;
}

/** Whether a row is of a hostile message. Of a long one only some parts carry the token, but all of them its id. */
export function findHostileRows<Row extends IdentifiedRow>(rows: readonly Row[]): ReadonlySet<Row> {
  const ids = new Set(
    rows.filter(({ whole }) => isHostileText(whole)).map(({ wbor_message_id }) => wbor_message_id),
  );
  ids.delete(null);
  return new Set(
    rows.filter(({ whole, wbor_message_id }) => isHostileText(whole) || ids.has(wbor_message_id)),
  );
}
