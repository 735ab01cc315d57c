import { z } from 'zod';
import { defineMessage } from './define.ts';
import { ORIGINAL_KEY_HEADER } from './headers.ts';
import { countOf, lenient, nameOf, withoutBlank, wordsOf } from './lenient.ts';

// What the gateway's /hooks take from programs that speak HTTP and nothing else. Bodies are as those programs send them;
// what is odd about a field is read as it is meant, or left out.

const words = (description: string) =>
  lenient({ strict: z.string().nullish(), read: wordsOf, finish: withoutBlank, description });
const name = (description: string) =>
  lenient({ strict: z.string().nullish(), read: nameOf, finish: withoutBlank, description });
const names = (description: string) =>
  lenient({
    strict: z.array(z.string()).nullish(),
    read: (value) => [value].flat().map(nameOf).filter(isText),
    finish: (value) => (value ?? []).filter((entry) => withoutBlank(entry) !== undefined),
    description,
  });
const count = (description: string) =>
  lenient({
    strict: z.number().int().min(0).nullish(),
    read: (value) => countOf(value, Number.MAX_SAFE_INTEGER),
    finish: (value) => value ?? undefined,
    description,
  });
/** Undefined where nobody can tell. */
const flag = (description: string) =>
  lenient({
    strict: z.boolean().nullish(),
    read: flagOf,
    finish: (value) => value ?? undefined,
    description,
  });
/** What is no object counts as missing. */
const object = <Shape extends z.ZodRawShape>(shape: Shape, description: string) =>
  lenient({
    strict: z.looseObject(shape).nullish(),
    read: () => undefined,
    finish: (value) => value ?? undefined,
    description,
  });

function isText(value: string | undefined): value is string {
  return value !== undefined;
}

function flagOf(value: unknown): boolean | undefined {
  if (value === 1 || value === '1' || value === 'true') return true;
  return value === 0 || value === '0' || value === 'false' ? false : undefined;
}

/** AzuraCast's NowPlaying object, as its webhook "Generic Web Hook" sends it. Unknown fields are kept. */
const nowPlayingSchema = z.looseObject({
  station: object(
    { name: name('As the listeners know it.'), shortcode: name('As addresses name it.') },
    'The station.',
  ),
  is_online: flag('Whether the station broadcasts.'),
  live: object(
    {
      is_live: flag('Whether a person broadcasts.'),
      streamer_name: name('Who that is.'),
      broadcast_start: count('Unix seconds.'),
    },
    'The live broadcast.',
  ),
  now_playing: object(
    {
      sh_id: count('Id in the history; 0 while the station is offline.'),
      played_at: count('Unix seconds.'),
      playlist: name('Its playlist.'),
      song: object(
        { text: words('Artist and title.'), artist: words('The artist.'), title: words('The title.') },
        'The song.',
      ),
    },
    'What plays now.',
  ),
});

const azuracastSchema = z.looseObject({
  station: z.string().min(1).max(64).describe('A slug: `station.shortcode`, or `azuracast` without one.'),
  received_at: z.number().int().describe('Epoch milliseconds: when the gateway got it.'),
  now_playing: nowPlayingSchema.describe('As it came.'),
});

/** What triggered it is not in it: whoever reads it must know the state before. */
export const azuracastMessage = defineMessage({
  exchange: 'source',
  key: 'source.azuracast.nowplaying',
  schema: azuracastSchema,
  summary: 'The state of a station of AzuraCast, from its webhook. What changed is not said.',
  publishers: ['gateway'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    station: 'wbor',
    received_at: 1748779200000,
    now_playing: {
      station: { id: 1, name: 'WBOR 91.1 FM', shortcode: 'wbor' },
      listeners: { total: 4, unique: 4, current: 4 },
      live: { is_live: true, streamer_name: 'DJ Kim', broadcast_start: 1748779000 },
      now_playing: {
        sh_id: 17,
        played_at: 1748779190,
        playlist: '',
        song: { text: 'Low - Lullaby', artist: 'Low', title: 'Lullaby' },
      },
      is_online: true,
      cache: 'event',
    },
  },
});

/**
 * An alert of the Sage ENDEC: what the ENDEC program sends by its webhook, and, with `source` and
 * `timestamp_processed_utc`, on the exchange for notifications. Unknown fields are kept.
 */
const endecSchema = z.looseObject({
  message_text: words('The text that the ENDEC made of the alert.'),
  eas_data: object(
    {
      org_raw: name('Who began it: `WXR`, `EAS`, `CIV` or `PEP`.'),
      org: name('The same in words.'),
      event: name('What it is, in three letters: `TOR`, `RWT` and so on.'),
      event_name: name('The same in words.'),
      locs: names('Names of the places.'),
      raw_locs: names('Their codes, six digits each.'),
      duration_minutes: count('How long it holds.'),
      duration_raw: name('The same as HHMM.'),
      start_utc: name('ISO 8601: when it was issued.'),
      timestamp_raw: name('The same as JJJHHMM.'),
      timestamp_local: name('The same in the time of the station.'),
      sender: name('Who sent it.'),
      raw_header: name('The header, `ZCZC-…`: the same one is the same alert. `Not found` without one.'),
    },
    'What the header says; next to nothing where there was none.',
  ),
  source: name('Over AMQP: `wbor-endec`.'),
  timestamp_processed_utc: name('Over AMQP: ISO 8601.'),
});

export const endecMessage = defineMessage({
  exchange: 'source',
  key: 'source.endec.alert',
  schema: endecSchema,
  summary: 'An alert of the ENDEC, from its webhook.',
  publishers: ['gateway'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    message_text: 'The National Weather Service has issued a Tornado Warning for Cumberland, ME',
    eas_data: {
      org_raw: 'WXR',
      org: 'National Weather Service',
      event: 'TOR',
      event_name: 'Tornado Warning',
      locs: ['Cumberland, ME'],
      raw_locs: ['023005'],
      duration_minutes: 45,
      duration_raw: '0045',
      start_utc: '2026-06-01T12:00Z',
      timestamp_raw: '1521200',
      sender: 'KGYX/NWS',
      raw_header: 'ZCZC-WXR-TOR-023005+0045-1521200-KGYX/NWS-',
    },
  },
});
