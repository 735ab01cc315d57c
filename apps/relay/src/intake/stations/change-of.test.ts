import type { StationState } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import type { SeenStation } from '../sources/source.ts';
import { afterMoment, changeOf, isSameState } from './change-of.ts';

const MINUTE = 60_000;
const quiet: SeenStation = { online: true, live: false, streamer: undefined, song: 'Artist - Title' };

/** What the chat is told of one sighting after the other, a minute apart. */
function told(sightings: readonly Partial<SeenStation>[], songs = false): (readonly string[])[] {
  let state: StationState | undefined;
  return sightings.map((seen, index) => {
    const change = changeOf(
      state,
      { ...quiet, ...seen },
      {
        id: 'main',
        name: 'WBOR',
        atMs: (index + 1) * MINUTE,
        songs,
      },
    );
    state = change.state;
    return change.lines;
  });
}

const OFFLINE = { online: false, song: undefined };
const live = (streamer?: string) => ({ live: true, streamer });

describe('a station', () => {
  it('that goes offline and comes back is told of, with how long it took', () => {
    expect(told([{}, OFFLINE, OFFLINE, OFFLINE, {}, OFFLINE])).toEqual([
      [],
      ['WBOR is offline.'],
      [],
      [],
      ['WBOR is online again after 3 minutes.'],
      ['WBOR is offline; it was online for 60 seconds.'],
    ]);
  });

  it('that is offline when it is first seen is told of; nothing else is', () => {
    expect(told([OFFLINE, {}])).toEqual([['WBOR is offline.'], ['WBOR is online again.']]);
    expect(told([live('Night Owl')])).toEqual([[]]);
  });

  it('is told of when somebody streams live, with the name, and when that ends', () => {
    expect(told([{}, live('Night Owl'), live('Night Owl'), {}])).toEqual([
      [],
      ['Night Owl is live on WBOR.'],
      [],
      ['Night Owl is no longer live on WBOR after 2 minutes.'],
    ]);
  });

  it('is told of when another streams live, or somebody without a name', () => {
    expect(told([live('Night Owl'), live('Early Bird'), {}, live(), {}])).toEqual([
      [],
      ['Early Bird is live on WBOR, after Night Owl.'],
      ['Early Bird is no longer live on WBOR after 60 seconds.'],
      ['Somebody is live on WBOR.'],
      ['Somebody is no longer live on WBOR after 60 seconds.'],
    ]);
  });

  it('that ends a live stream by going offline is told of both', () => {
    expect(told([{}, live('Night Owl'), { ...OFFLINE, live: false }])[2]).toEqual([
      'WBOR is offline.',
      'Night Owl is no longer live on WBOR after 60 seconds.',
    ]);
  });

  it('is told of for listeners and songs only when songs are asked for', () => {
    const songs = [
      { song: 'A' },
      { song: 'A' },
      { song: 'B' },
      OFFLINE,
      { song: 'B' },
      { song: 'C', ...live('Owl') },
    ];
    expect(told(songs)).toEqual([
      [],
      [],
      [],
      ['WBOR is offline.'],
      ['WBOR is online again after 60 seconds.'],
      ['Owl is live on WBOR.'],
    ]);
    expect(told(songs, true)).toEqual([
      [],
      [],
      ['WBOR plays B'],
      ['WBOR is offline.'],
      ['WBOR is online again after 60 seconds.'],
      ['Owl is live on WBOR.', 'WBOR plays C'],
    ]);
  });

  it('of which nothing is said has not changed', () => {
    const nothing = { online: undefined, live: undefined, streamer: undefined, song: undefined };
    expect(told([live('Night Owl'), nothing, live('Night Owl'), OFFLINE, nothing], true)).toEqual([
      [],
      [],
      [],
      ['WBOR is offline.', 'Night Owl is no longer live on WBOR.'],
      [],
    ]);
  });
});

it('is what it was before, after a moment offline, and what came meanwhile is old', () => {
  const { state } = changeOf(
    undefined,
    { ...quiet, ...live('Owl') },
    { id: 'main', name: 'WBOR', atMs: 1, songs: true },
  );
  const moment = { text: 'WBOR was offline for 2 seconds.', endedAtMs: 2_001 };
  expect(afterMoment(state, 'main', moment)).toEqual({
    state: { ...state, at: 2_001 },
    lines: [moment.text],
  });
  expect(afterMoment(undefined, 'main', moment).state).toMatchObject({ station: 'main', online: true });
});

it('is the same state at another time, and no other', () => {
  const at = (atMs: number, seen = quiet) =>
    changeOf(undefined, seen, { id: 'main', name: 'WBOR', atMs, songs: false }).state;
  expect(isSameState(at(1), at(2))).toBe(true);
  expect(isSameState(at(1), at(1, { ...quiet, online: false }))).toBe(false);
  expect(isSameState(undefined, at(1))).toBe(false);
});
