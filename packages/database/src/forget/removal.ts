/** What is put into the payload of a row whose person was removed. By it what comes late is known as that person's. */
export const REMOVED_MARK = '_removed';

/** What became of a ban: `kept` is one in force, which needs the number. */
export type RemovedBan = 'none' | 'kept' | 'lifted';

/** How much was changed. */
export interface Removal {
  /** Rows that were blanked or deleted, by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly ban: RemovedBan;
  /** The person's messages: ids of theirs. */
  readonly messageIds: ReadonlySet<string>;
  /** What the chat shows of them, and of those that were removed before, in lower case. */
  readonly uids: ReadonlySet<string>;
}

/** Counts rows by table. */
export class RowCounts {
  readonly #counts = new Map<string, number>();

  add(table: string, count: number | bigint): void {
    if (Number(count) > 0) this.#counts.set(table, (this.#counts.get(table) ?? 0) + Number(count));
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
