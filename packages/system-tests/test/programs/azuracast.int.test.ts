import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgramsBed, startForPrograms } from './bed.ts';

/** What a test changes about a station at rest. */
interface Changes {
  readonly online?: boolean;
  readonly streamer?: string | null;
  readonly song?: string;
  readonly listeners?: number;
  readonly elapsed?: number;
}

const OFF = { online: false, streamer: null, song: 'Station Offline' } as const;

/** AzuraCast's NowPlaying object, as its generic webhook sends it. */
function nowPlaying({
  elapsed = 10,
  listeners = 7,
  online = true,
  song = 'A - B',
  streamer = null,
}: Changes) {
  const [artist, title] = song.split(' - ');
  return {
    station: {
      id: 1,
      name: 'WBOR',
      shortcode: 'wbor',
      frontend: 'icecast',
      is_public: true,
      mounts: [],
      remotes: [],
    },
    listeners: { total: listeners, unique: listeners, current: listeners },
    live: {
      is_live: streamer !== null,
      streamer_name: streamer ?? '',
      broadcast_start: streamer === null ? null : 1_748_779_190,
      art: null,
    },
    now_playing: {
      sh_id: online ? 7 : 0,
      played_at: 1_748_779_100,
      duration: 180,
      playlist: 'default',
      streamer: streamer ?? '',
      is_request: false,
      song: {
        id: song,
        text: song,
        artist,
        title,
        album: '',
        genre: '',
        isrc: '',
        lyrics: '',
        art: '',
        custom_fields: [],
      },
      elapsed,
      remaining: 180 - elapsed,
    },
    playing_next: null,
    song_history: [],
    is_online: online,
    cache: 'event',
  };
}

let bed: ProgramsBed<'azuracast'>;

/** As AzuraCast calls: a user agent, Basic authentication, and nothing else to show who it is by. */
async function call(changes: Changes): Promise<void> {
  const basic = Buffer.from(`azuracast:${bed.tokens.azuracast}`).toString('base64');
  const answer = await bed.call('/hooks/azuracast', JSON.stringify(nowPlaying(changes)), {
    'content-type': 'application/json',
    'user-agent': 'GuzzleHttp/7',
    authorization: `Basic ${basic}`,
  });
  expect(await answer.text()).toBe('OK');
}

/** What the chat was told since the last time, once all that was sent before has been told. */
let told = 0;
async function toldNow(): Promise<string[]> {
  const mark = `mark ${told}`;
  await bed.publish('source.standard.azuracast', { body: mark, source: 'azuracast', format: 'plain' });
  await waitFor(() => bed.posts().some((text) => text === mark), { what: 'the mark in the chat' });
  const lines = bed.posts().slice(told, -1);
  told = bed.posts().length;
  return lines;
}

/** From rest to what a trigger is about, and what the chat is told. `twice`: the same call again. */
async function tellOf(from: Changes, to: Changes): Promise<string[]> {
  await call(from);
  await toldNow();
  await call(to);
  await call(to);
  return toldNow();
}

/** Lengths hang on how fast the test is. */
const withoutLengths = (lines: readonly string[]) =>
  lines.map((text) =>
    text
      .replace(/; it was online for [^.]*/, '')
      .replaceAll(/ (after|for) (?:\d+ seconds?|less than a second)/g, ' $1 N s'),
  );

describe('each trigger of AzuraCast', () => {
  beforeAll(async () => {
    told = 0;
    bed = await startForPrograms({ sources: ['azuracast'], relayEnv: { FOLD_SECONDS: '0' } });
  });
  afterAll(() => bed?.stop());

  it.each<[string, Changes, Changes, string[]]>([
    ['song_changed', {}, { song: 'C - D' }, []],
    ['song_changed_live', { streamer: 'Owl' }, { streamer: 'Owl', song: 'C - D' }, []],
    ['listener_gained', {}, { listeners: 8 }, []],
    ['listener_lost', {}, { listeners: 6 }, []],
    ['live_connect', {}, { streamer: 'Owl' }, ['AzuraCast: Owl is live on WBOR.']],
    [
      'live_connect, by another name',
      { streamer: 'Owl' },
      { streamer: 'Lark' },
      ['AzuraCast: Lark is live on WBOR, after Owl.'],
    ],
    ['live_disconnect', { streamer: 'Owl' }, {}, ['AzuraCast: Owl is no longer live on WBOR after N s.']],
    ['station_offline', {}, OFF, ['AzuraCast: WBOR is offline.']],
    ['station_online', OFF, {}, ['AzuraCast: WBOR is online again after N s.']],
    [
      'live_connect, song_changed, listener_gained and song_changed_live with one POST',
      {},
      { streamer: 'Owl', song: 'C - D', listeners: 9 },
      ['AzuraCast: Owl is live on WBOR.'],
    ],
    [
      'station_offline and live_disconnect with one POST',
      { streamer: 'Owl' },
      OFF,
      ['AzuraCast: WBOR is offline.\nOwl is no longer live on WBOR after N s.'],
    ],
    ['none: the Test button', {}, {}, []],
    ['none: the Test button, while somebody is live', { streamer: 'Owl' }, { streamer: 'Owl' }, []],
    ['none: the Test button, while it is offline', OFF, OFF, []],
  ])('%s', async (_trigger, from, to, lines) => {
    await call({});
    expect(withoutLengths(await tellOf(from, to))).toEqual(lines);
  });

  it('none is ticked: of the calls at each update nothing is told until something has changed', async () => {
    await call({});
    await toldNow();
    for (let elapsed = 0; elapsed < 30; elapsed += 1) {
      await call({ elapsed, listeners: elapsed % 3, song: elapsed < 15 ? 'A - B' : 'C - D' });
    }
    expect(await toldNow()).toEqual([]);
    for (let elapsed = 0; elapsed < 5; elapsed += 1) await call({ ...OFF, elapsed });
    expect(withoutLengths(await toldNow())).toEqual(['AzuraCast: WBOR is offline.']);
  });
});

describe('with AZURACAST_SONGS, and time to fold', () => {
  beforeAll(async () => {
    told = 0;
    bed = await startForPrograms({
      sources: ['azuracast'],
      relayEnv: { AZURACAST_SONGS: 'true', FOLD_SECONDS: '60' },
    });
  });
  afterAll(() => bed?.stop());

  it('each new song is told once, and not what AzuraCast shows for a song while it is offline', async () => {
    expect(await tellOf({}, { song: 'C - D' })).toEqual(['AzuraCast: WBOR plays C - D']);
    expect(await tellOf({ song: 'C - D' }, { song: 'E - F', listeners: 8 })).toEqual([
      'AzuraCast: WBOR plays E - F',
    ]);
    expect(await tellOf({ song: 'E - F' }, { song: 'G - H', streamer: 'Owl' })).toEqual([
      'AzuraCast: Owl is live on WBOR.\nWBOR plays G - H',
    ]);
  });

  it('a station that flaps is one message each time, however many webhooks tell of it', async () => {
    await call({});
    await toldNow();
    for (let flap = 0; flap < 3; flap += 1) {
      for (const changes of [OFF, OFF, {}, {}]) await call(changes);
    }
    expect(withoutLengths(await toldNow())).toEqual(Array(3).fill('AzuraCast: WBOR was offline for N s.'));
  });
});
