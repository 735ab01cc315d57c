import type { StationState } from '@wbor/contracts';
import type { SeenStation } from '../sources/source.ts';
import { lengthInWords } from '../text/length-in-words.ts';

/** What has changed at a station, in a line each for the chat, and what is to be remembered of it. */
export interface StationChange {
  readonly state: StationState;
  readonly lines: readonly string[];
}

/**
 * Compares what a station does with what it was last seen to do. What is not said has not changed. Of a station that was never
 * seen before it is told that it is offline, and nothing else.
 */
export function changeOf(
  before: StationState | undefined,
  seen: SeenStation,
  station: { readonly id: string; readonly name: string; readonly atMs: number; readonly songs: boolean },
): StationChange {
  const old = before ?? unseen(station.id);
  const online = onlineAfter(old, seen, station.atMs);
  const live = liveAfter(old, seen, station.atMs);
  const song = station.songs ? (seen.song ?? old.song) : null;
  const state = { station: station.id, at: station.atMs, ...online, ...live, song };
  if (before === undefined) {
    return { state, lines: state.online === false ? [`${station.name} is offline.`] : [] };
  }
  return {
    state,
    lines: [
      ...sayOnline(before, state, station),
      ...sayLive(before, state, station),
      ...(song !== null && song !== before.song && state.online !== false
        ? [`${station.name} plays ${song}`]
        : []),
    ],
  };
}

/**
 * A station that was offline for a moment is what it was before. Whatever else has changed is told by the status that ended
 * the moment; those between are old.
 */
export function afterMoment(
  before: StationState | undefined,
  station: string,
  moment: { readonly text: string; readonly endedAtMs: number },
): StationChange {
  const old = before ?? unseen(station);
  return { state: { ...old, at: moment.endedAtMs, online: true }, lines: [moment.text] };
}

/** Whether there is anything to be remembered; the time alone is not. */
export function isSameState(a: StationState | undefined, b: StationState): boolean {
  return a !== undefined && JSON.stringify({ ...a, at: 0 }) === JSON.stringify({ ...b, at: 0 });
}

function unseen(station: string): StationState {
  return {
    station,
    at: 0,
    online: null,
    online_since: null,
    live: false,
    live_since: null,
    streamer: null,
    song: null,
  };
}

function onlineAfter(old: StationState, { online }: SeenStation, atMs: number) {
  if (online === undefined || online === old.online) {
    return { online: old.online, online_since: old.online_since };
  }
  // Nobody knows since when the first one is so.
  return { online, online_since: old.online === null ? null : atMs };
}

function liveAfter(old: StationState, seen: SeenStation, atMs: number) {
  const live = seen.live ?? old.live;
  const streamer = live ? (seen.streamer ?? (old.live ? old.streamer : null)) : null;
  const isSame = live === old.live && streamer === old.streamer;
  // Nobody knows since when the first one is so.
  return { live, streamer, live_since: isSame ? old.live_since : old.at === 0 ? null : atMs };
}

function sayOnline(before: StationState, now: StationState, { atMs, name }: { atMs: number; name: string }) {
  if (now.online === before.online || now.online === null) return [];
  const length = before.online_since === null ? undefined : lengthInWords(atMs - before.online_since);
  if (!now.online)
    return [`${name} is offline${length === undefined ? '' : `; it was online for ${length}`}.`];
  // It has not been offline before as far as anybody knows.
  if (before.online === null) return [];
  return [`${name} is online again${length === undefined ? '' : ` after ${length}`}.`];
}

function sayLive(before: StationState, now: StationState, { atMs, name }: { atMs: number; name: string }) {
  if (now.live === before.live && now.streamer === before.streamer) return [];
  const who = (streamer: string | null) => streamer ?? 'Somebody';
  if (!now.live) {
    const length = before.live_since === null ? '' : ` after ${lengthInWords(atMs - before.live_since)}`;
    return [`${who(before.streamer)} is no longer live on ${name}${length}.`];
  }
  return [`${who(now.streamer)} is live on ${name}${before.live ? `, after ${who(before.streamer)}` : ''}.`];
}
