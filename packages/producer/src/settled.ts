import { createHash } from 'node:crypto';
import { type AcceptedMessage, contentOf } from './spool/records.ts';
import type { SendResult } from './types.ts';

/** What became of the messages that this process has settled, so that none is posted again under its id. */
export interface SettledMessages {
  remember(message: AcceptedMessage, result: SendResult): void;
  /** By the id; `isSame`: its content was that of this message, too. */
  find(message: AcceptedMessage): { readonly isSame: boolean; readonly result: SendResult } | undefined;
}

/** The oldest are forgotten. */
const MAX_REMEMBERED = 1_000;

export function createSettledMessages(max = MAX_REMEMBERED): SettledMessages {
  const settled = new Map<string, { readonly digest: string; readonly result: SendResult }>();
  return {
    remember(message, result) {
      settled.delete(message.id);
      settled.set(message.id, { digest: digestOf(message), result });
      const [oldest] = settled.keys();
      if (settled.size > max && oldest !== undefined) settled.delete(oldest);
    },
    find(message) {
      const known = settled.get(message.id);
      return known && { isSame: known.digest === digestOf(message), result: known.result };
    },
  };
}

function digestOf(message: AcceptedMessage): string {
  return createHash('sha256').update(contentOf(message)).digest('base64');
}
