import type { BanList } from '@wbor/contracts';

/** The ban list as a relay knows it. Pure: the time is always given, in epoch milliseconds. */
export interface BanReplica {
  /**
   * Takes a list that the moderator has published.
   *
   * @returns false when it is older than the one that is known; it is ignored then.
   */
  apply(list: BanList, nowMs: number): boolean;
  /** Whether nothing of this sender may be posted. A message without a sender is never banned. */
  isBanned(sender: string | undefined, nowMs: number): boolean;
  /** Bans that count now. */
  count(nowMs: number): number;
  /** Of the list that is known; undefined when none is. */
  readonly version: number | undefined;
  /** Milliseconds since a list was last taken; undefined when none ever was. */
  ageMs(nowMs: number): number | undefined;
  /** What somebody should know about the state of the bans; undefined while all is well. */
  notice(nowMs: number): string | undefined;
}

/** @param staleAfterMs from then on a list that nothing has renewed is called stale. */
export function createBanReplica({ staleAfterMs }: { staleAfterMs: number }): BanReplica {
  /** Until when each sender is banned; `Infinity` for good. */
  let untilMs = new Map<string, number>();
  let version: number | undefined;
  let heardAtMs: number | undefined;

  function ageMs(nowMs: number): number | undefined {
    return heardAtMs === undefined ? undefined : Math.max(0, nowMs - heardAtMs);
  }

  function isStale(nowMs: number): boolean {
    return (ageMs(nowMs) ?? 0) > staleAfterMs;
  }

  return {
    get version() {
      return version;
    },
    ageMs,
    apply(list, nowMs) {
      // When nothing but older lists has come for so long, the moderator's database was set back: its word counts.
      if (version !== undefined && list.version < version && !isStale(nowMs)) return false;
      version = list.version;
      heardAtMs = nowMs;
      untilMs = new Map();
      for (const { sender, until } of list.bans) {
        const key = normaliseSender(sender);
        const endMs = until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
        untilMs.set(key, Math.max(endMs, untilMs.get(key) ?? 0));
      }
      return true;
    },
    isBanned(sender, nowMs) {
      return sender !== undefined && nowMs < (untilMs.get(normaliseSender(sender)) ?? 0);
    },
    count: (nowMs) => [...untilMs.values()].filter((endMs) => nowMs < endMs).length,
    notice(nowMs) {
      const age = ageMs(nowMs);
      if (age === undefined) return 'no moderator heard: no bans are enforced';
      if (!isStale(nowMs)) return undefined;
      return `bans are stale: the moderator has not been heard for ${Math.floor(age / 1000)} s`;
    },
  };
}

/** People write numbers with separators; the SMS service does not. */
function normaliseSender(sender: string): string {
  return sender.replace(/[\s()-]/g, '');
}
