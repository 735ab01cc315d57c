import { type BanList, MAX_BAN_LIST_LEAD_MS } from '@wbor/contracts';
import type { SenderNormaliser } from '@wbor/phone';

/** Why a list is not taken: it is older than the one that is known, or further ahead of our clock than clocks differ. */
type Refusal = 'old' | 'ahead';

/** The ban list as a relay knows it. It has no clock: the time is always given, in epoch milliseconds. */
export interface BanReplica {
  /** Takes a list that the moderator has published, or says why it is ignored. */
  apply(list: BanList, nowMs: number): 'taken' | Refusal;
  /** Whether nothing of this sender may be posted. A message without a sender is never banned. */
  isBanned(sender: string | undefined, nowMs: number): boolean;
  /** The number of senders who are banned now. */
  count(nowMs: number): number;
  /** The version of the list that is known; undefined when none is. */
  readonly version: number | undefined;
  /** The time since a list was last taken, in milliseconds; undefined when none ever was. */
  ageMs(nowMs: number): number | undefined;
  /** Says what is wrong with the list, in words for a person; undefined while nothing is. */
  notice(nowMs: number): string | undefined;
}

export interface BanReplicaOptions {
  /** The age from which a list that nothing has renewed is called stale. */
  readonly staleAfterMs: number;
  readonly normaliseSender: SenderNormaliser;
}

export function createBanReplica({ normaliseSender, staleAfterMs }: BanReplicaOptions): BanReplica {
  /** The end of each sender's ban; `Infinity` when it has none. */
  let untilMs = new Map<string, number>();
  let version: number | undefined;
  let heardAtMs: number | undefined;
  /** Of the list that came last, if it was refused; it is forgotten when it is stale. */
  let refused: { readonly version: number; readonly reason: Refusal; readonly atMs: number } | undefined;

  function ageMs(nowMs: number): number | undefined {
    return heardAtMs === undefined ? undefined : Math.max(0, nowMs - heardAtMs);
  }

  function isStale(nowMs: number): boolean {
    return (ageMs(nowMs) ?? 0) > staleAfterMs;
  }

  function whyRefused(list: BanList, nowMs: number): Refusal | undefined {
    if (list.version > nowMs + MAX_BAN_LIST_LEAD_MS) return 'ahead';
    // When nothing but older lists has come for so long, the moderator's database was set back, and its list counts.
    return version !== undefined && list.version < version && !isStale(nowMs) ? 'old' : undefined;
  }

  function describeRefusal(nowMs: number): string | undefined {
    if (refused === undefined || nowMs - refused.atMs > staleAfterMs) return undefined;
    if (refused.reason === 'old') {
      return `a ban list is refused: its version is ${refused.version}, and ${version} is known`;
    }
    return `a ban list is refused: its version is ${refused.version}, ahead of this clock. It is forged, or the clocks of relay and Postgres differ`;
  }

  return {
    get version() {
      return version;
    },
    ageMs,
    apply(list, nowMs) {
      const reason = whyRefused(list, nowMs);
      if (reason !== undefined) {
        refused = { version: list.version, reason, atMs: nowMs };
        return reason;
      }
      refused = undefined;
      version = list.version;
      heardAtMs = nowMs;
      untilMs = new Map();
      for (const { sender, until } of list.bans) {
        const key = normaliseSender(sender);
        const endMs = until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
        if (key !== '') untilMs.set(key, Math.max(endMs, untilMs.get(key) ?? 0));
      }
      return 'taken';
    },
    isBanned(sender, nowMs) {
      return sender !== undefined && nowMs < (untilMs.get(normaliseSender(sender)) ?? 0);
    },
    count: (nowMs) => [...untilMs.values()].filter((endMs) => nowMs < endMs).length,
    notice(nowMs) {
      const age = ageMs(nowMs);
      const refusal = describeRefusal(nowMs);
      if (age === undefined) return refusal ?? 'no moderator heard: no bans are enforced';
      if (!isStale(nowMs)) return refusal;
      return `bans are stale: the moderator has not been heard for ${Math.floor(age / 1000)} s`;
    },
  };
}
