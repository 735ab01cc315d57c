import { isBadToken, tokensIn, tokensInBytes } from '../fuzz/inputs/token.ts';
import type { QueuedMessage } from '../read-queue.ts';

// What hostile senders brought about is not the checker's business. It is told apart by the token that each of their
// inputs carries, or by its digest where no more was kept, and by nothing else, so that what nobody sent stays what nobody
// sent.

/** Whether a text carries the token of a hostile input. */
export function isHostileText(text: string): boolean {
  return [...tokensIn(text)].some(isBadToken);
}

/** The same for what lies in a queue: its properties, headers included, or its body, or the digest of a body that was too large. */
export function isHostileMessage(
  { properties, content }: Pick<QueuedMessage, 'properties' | 'content'>,
  digests: ReadonlySet<string> = new Set(),
): boolean {
  if (isHostileText(properties) || [...tokensInBytes(content)].some(isBadToken)) return true;
  const named = content.toString('latin1').match(/\b[0-9a-f]{64}\b/g) ?? [];
  return named.some((digest) => digests.has(digest));
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
