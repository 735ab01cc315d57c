/** An entry of the relay's journal, or of the chat's echo of it, as far as it matters here. */
export interface JournalEntry {
  readonly wborMessageId: string | undefined;
  readonly part: number;
  readonly parts: number;
  /** How the call ended; undefined of an announcement or an echo. */
  readonly outcome: string | undefined;
  /** Epoch milliseconds; undefined where the entry does not say. */
  readonly sentAt: number | undefined;
}

const FINAL_OUTCOMES = ['delivered', 'rejected', 'already-sent', 'blocked', 'expired'];
/** A message that has not ended after that long is parked, or was given up otherwise. */
const OVER_AFTER_MS = 3_600_000;

/**
 * Ids of messages that a relay may still be posting: without its journal, a relay that takes over would post a part of
 * them again.
 */
export function findUnfinished(entries: Iterable<JournalEntry>, nowMs: number): Set<string> {
  const over = new Set<string>();
  const recent = new Set<string>();
  for (const { outcome, part, parts, sentAt, wborMessageId } of entries) {
    if (wborMessageId === undefined) continue;
    if (outcome !== undefined && FINAL_OUTCOMES.includes(outcome) && part >= parts) over.add(wborMessageId);
    if (sentAt !== undefined && nowMs - sentAt < OVER_AFTER_MS) recent.add(wborMessageId);
  }
  return new Set([...recent].filter((id) => !over.has(id)));
}

/** Reads what a message of the journal is; whatever cannot be read is no call of a message. */
export function readJournalEntry(content: Buffer): JournalEntry {
  const fields = parseObject(content);
  return {
    wborMessageId: typeof fields.wbor_message_id === 'string' ? fields.wbor_message_id : undefined,
    part: typeof fields.part === 'number' ? fields.part : 1,
    parts: typeof fields.parts === 'number' ? fields.parts : 1,
    outcome: typeof fields.outcome === 'string' ? fields.outcome : undefined,
    sentAt: typeof fields.sent_at === 'string' ? Date.parse(fields.sent_at) || undefined : undefined,
  };
}

function parseObject(content: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(content.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
