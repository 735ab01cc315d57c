import { type BanList, type BanListState, MAX_BAN_LIST_LEAD_MS } from '@wbor/contracts';

/** What is known of the lists that relays enforce. It has no clock: the time is always given, in epoch milliseconds. */
export interface RelayStates {
  /** Notes what a relay told. */
  told(state: BanListState, nowMs: number): void;
  /** Notes that this is our list. */
  published(version: number, nowMs: number): void;
  /** Notes a list that is not ours. */
  foreign(version: number, nowMs: number): void;
  /** Says who does not enforce our list, and why, in words for a person; undefined while nobody is known. */
  describeMissing(nowMs: number): string | undefined;
  /** The same, or else that somebody published a list that some relays may follow. */
  describe(nowMs: number): string | undefined;
}

/** Relays are told the list each minute and answer. One that has not for so long is gone. */
const FORGET_AFTER_MS = 3 * 60_000;
/** What a relay told at the same moment may be of the list before. */
const GRACE_MS = 1_000;
/** Whoever can publish could make up relays without end. */
const MAX_RELAYS = 100;

export function createRelayStates(): RelayStates {
  const relays = new Map<string, BanListState & { readonly heardAtMs: number }>();
  let ours: { readonly version: number; readonly atMs: number } | undefined;
  let future: { readonly version: number; readonly atMs: number } | undefined;

  function isWithout(relay: BanListState & { heardAtMs: number }): boolean {
    if (ours === undefined || relay.version === ours.version) return false;
    if (relay.refused?.version === ours.version) return true;
    // A higher version is one of ours that is not looked at yet, or is outranked in a moment.
    return (relay.version ?? 0) < ours.version && relay.heardAtMs > ours.atMs + GRACE_MS;
  }

  function why({ refused }: BanListState): string {
    if (refused?.reason === 'invalid') return 'it cannot read what came last, and may be of another version';
    return refused?.reason === 'ahead' && refused.version === ours?.version
      ? 'its clock is minutes behind'
      : 'it has another list';
  }

  function describeMissing(nowMs: number): string | undefined {
    const known = [...relays.values()].filter((relay) => nowMs - relay.heardAtMs <= FORGET_AFTER_MS);
    const without = known.filter(isWithout);
    if (without.length === 0) return undefined;
    const reasons = new Set(without.map(why));
    return `Careful: ${without.length} of ${known.length} relays ${without.length === 1 ? 'does' : 'do'} not take my ban list, so it does not hold there (${[...reasons].join('; ')}). Look at /readyz of the relay.`;
  }

  return {
    told(state, nowMs) {
      relays.delete(state.relay);
      relays.set(state.relay, { ...state, heardAtMs: nowMs });
      const [oldest] = relays.keys();
      if (relays.size > MAX_RELAYS && oldest !== undefined) relays.delete(oldest);
    },
    published(version, nowMs) {
      if (ours?.version !== version) ours = { version, atMs: nowMs };
    },
    foreign(version, nowMs) {
      // Nothing that relays of this version could have taken is of any use to know: it is outranked at once.
      if (version > nowMs + MAX_BAN_LIST_LEAD_MS) future = { version, atMs: nowMs };
    },
    describeMissing,
    describe(nowMs) {
      const missing = describeMissing(nowMs);
      if (missing !== undefined) return missing;
      if (future !== undefined && nowMs - future.atMs <= FORGET_AFTER_MS) {
        return 'Careful: somebody else has published a ban list. Relays of an older version may follow it for three minutes.';
      }
      return undefined;
    },
  };
}

/** Whether a list cannot be ours, given what the database holds: of a version that was never given, or of other bans. */
export function isForeign(
  heard: Pick<BanList, 'version'> & Partial<BanList>,
  own: BanList,
  now: Date,
): boolean {
  if (heard.version !== own.version) return heard.version > own.version;
  return heard.bans !== undefined && inForce(heard.bans, now) !== inForce(own.bans, now);
}

/** A ban that runs out leaves the list without a new version. */
function inForce(bans: BanList['bans'], now: Date): string {
  return JSON.stringify(
    bans
      .filter(({ until }) => until === null || Date.parse(until) > now.getTime())
      .map(({ sender, until }) => [sender, until === null ? null : Date.parse(until)])
      .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  );
}
