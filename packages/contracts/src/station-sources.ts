import { z } from 'zod';
import { defineFamily, defineMessage } from './define.ts';
import { messageId, name, words } from './incoming.ts';
import { countOf, lenient, nameOf, withoutBlank } from './lenient.ts';

// What programs of the station send in shapes of their own. They are as they are: each shape here is what the program was
// seen to send, and nothing in it is required but what a message for the chat can be made of.

/** A moment: ISO 8601 with its zone, as epoch milliseconds; undefined when it is none. */
const moment = (description: string) =>
  lenient({
    strict: z.string().nullish(),
    read: nameOf,
    finish: (text) => readMoment(text ?? ''),
    description,
  });

/** UTC is what the programs write, some of them without saying so. */
function readMoment(text: string): number | undefined {
  const written = text.trim().replace(' ', 'T');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(written)) return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(written) ? written : `${written}Z`);
  return Number.isFinite(ms) ? ms : undefined;
}

const names = (description: string) =>
  lenient({
    strict: z.array(z.string()).nullish(),
    read: (value) => (typeof value === 'string' ? [value] : namesIn(value)),
    finish: (list) => (list ?? []).filter((entry) => withoutBlank(entry) !== undefined),
    description,
  });

function namesIn(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map(nameOf).filter((entry) => entry !== undefined);
}

const MAX_MINUTES = 100 * 24 * 60;

const minutes = (description: string) =>
  lenient({
    strict: z.number().int().min(0).max(MAX_MINUTES).nullish(),
    read: (value) => countOf(value, MAX_MINUTES),
    finish: (value) => value ?? undefined,
    description,
  });

/** An object inside a body. Anything else in its place says nothing. */
function inner<Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  const schema = z.looseObject(shape);
  return lenient({
    strict: schema.nullish(),
    read: () => undefined,
    finish: (value) => value ?? schema.parse({}),
    description,
  });
}

const endecSchema = z.looseObject({
  message_text: words('The alert in the words of the ENDEC.'),
  eas_data: inner(
    {
      org: name('Who originated it, in words.'),
      org_raw: name('`WXR`, `EAS`, `CIV` or `PEP`.'),
      event: name('The three letters of the event, for example `TOR` or `RWT`.'),
      event_name: name('The event in words; `Plain Text Message` when there was no header.'),
      locs: names('The places in words.'),
      raw_locs: names('The places as the header has them, six digits each.'),
      duration_minutes: minutes('How long it is in force.'),
      start_utc: moment('When it begins, UTC.'),
      sender: name('The station that sent it.'),
      raw_header: name('`ZCZC-…`; `Not found` when there was none. The same header is the same alert.'),
    },
    'The header of the alert, read. Empty when there was none.',
  ),
});

const upsSchema = z.looseObject({
  ups_name: name('The name of the UPS.'),
  hostname: name('The machine that it hangs on.'),
  timestamp_utc: moment('When it happened, UTC.'),
  event_type: name('`onbattery`, `offbattery`, `fifteen_minute_update` …'),
  data: inner(
    {
      message: words('A sentence that says what happened.'),
      status: name('For example `ONBATT`.'),
      timeleft: name('How long the battery lasts, as `apcaccess` says it; `Unavailable` when it does not.'),
      bcharge: name('How full the battery is, as `apcaccess` says it.'),
    },
    'What is known of it.',
  ),
});

const failsafeSchema = z.looseObject({
  source_application: name('Which program sends it.'),
  event_type: name('`source_change`.'),
  timestamp_utc: moment('When it happened, UTC.'),
  active_source: name('What plays now: `A` or `B`.'),
  previous_active_source: name('What played before.'),
});

const nowPlayingSchema = z.looseObject({
  station: inner(
    { name: name('The name of the station.'), shortcode: name('Its short name.') },
    'The station.',
  ),
  is_online: z.boolean().nullish().catch(undefined).describe('Whether the stream is on.'),
  live: inner(
    {
      is_live: z.boolean().nullish().catch(undefined).describe('Whether somebody streams live.'),
      streamer_name: name('Who does.'),
    },
    'Who streams live.',
  ),
  now_playing: inner(
    {
      sh_id: z.number().nullish().catch(undefined).describe('0 while the station is offline.'),
      song: inner({ text: name('Artist and title.') }, 'The song.'),
    },
    'What plays.',
  ),
});

const azuracastSchema = z.looseObject({
  station: name('The station, as the address of the webhook names it.'),
  received_at: z.number().nullish().catch(undefined).describe('When the gateway got it, epoch milliseconds.'),
  now_playing: inner(nowPlayingSchema.shape, 'What AzuraCast says of the station, as it came.'),
  wbor_message_id: messageId,
});

export const endecMessage = defineMessage({
  exchange: 'source',
  key: 'source.endec.alert',
  schema: endecSchema,
  summary: 'An alert of the ENDEC, as its webhook sends it.',
  publishers: ['gateway'],
  example: {
    message_text: 'The National Weather Service in Gray has issued a Tornado Warning.',
    eas_data: {
      org_raw: 'WXR',
      org: 'National Weather Service',
      event: 'TOR',
      event_name: 'Tornado Warning',
      locs: ['Cumberland, ME', 'Sagadahoc, ME'],
      raw_locs: ['023005', '023023'],
      duration_minutes: 30,
      start_utc: '2025-06-01T19:20Z',
      sender: 'KGYX/NWS',
      raw_header: 'ZCZC-WXR-TOR-023005-023023+0030-1521920-KGYX/NWS-',
    },
  },
});

/** The same over AMQP, with more fields around it. */
export const endecNotification = defineMessage({
  exchange: 'notifications',
  key: 'notification.wbor-endec',
  schema: endecSchema,
  summary: 'An alert of the ENDEC. The same header is the same alert, whichever way it comes.',
  publishers: ['wbor-endec'],
  example: {
    source: 'wbor-endec',
    timestamp_processed_utc: '2025-06-01T19:20:07Z',
    message_text: 'This is a Required Weekly Test.',
    eas_data: {
      org_raw: 'EAS',
      event: 'RWT',
      event_name: 'Required Weekly Test',
      locs: ['Cumberland, ME'],
      duration_minutes: 15,
      start_utc: '2025-06-01T19:20Z',
      sender: 'WBOR',
      raw_header: 'ZCZC-EAS-RWT-023005+0015-1521920-WBOR    -',
    },
  },
});

export const upsNotification = defineFamily({
  exchange: 'notifications',
  key: 'notification.ups',
  family: 'event',
  schema: upsSchema,
  summary: 'Power was lost, has come back, or the battery has run for another while.',
  publishers: ['wbor-ups'],
  example: {
    ups_name: 'studio',
    hostname: 'rack-1',
    timestamp_utc: '2025-06-01T19:20:00Z',
    event_type: 'onbattery',
    routing_key: 'notification.ups.onbattery',
    data: { message: 'UPS studio is on battery power.', status: 'ONBATT', timeleft: '42.0 Minutes' },
  },
});

export const failsafeNotification = defineMessage({
  exchange: 'notifications',
  key: 'notification.failsafe-status',
  schema: failsafeSchema,
  summary: 'The failsafe gadget plays another source.',
  publishers: ['wbor-failsafe-notifier'],
  example: {
    source_application: 'wbor-failsafe-notifier',
    event_type: 'source_change',
    timestamp_utc: '2025-06-01T19:20:00Z',
    pin_name: 'D17',
    current_pin_state: true,
    active_source: 'B',
    previous_active_source: 'A',
    details: {},
  },
});

/** AzuraCast does not say why it calls: the relay remembers the last state of each station, and posts what has changed. */
export const azuracastMessage = defineMessage({
  exchange: 'source',
  key: 'source.azuracast.nowplaying',
  schema: azuracastSchema,
  summary: 'What an AzuraCast station plays now. Only a change is for the chat.',
  publishers: ['gateway'],
  example: {
    station: 'main',
    received_at: 1748779200000,
    now_playing: {
      station: { name: 'WBOR', shortcode: 'wbor' },
      is_online: true,
      live: { is_live: true, streamer_name: 'Night Owl' },
      now_playing: { sh_id: 7, song: { text: 'Artist - Title' } },
    },
  },
});
