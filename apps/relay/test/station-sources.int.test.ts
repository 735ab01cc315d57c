import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;
/** The exchange of the other programs. */
let theirs: string;
let channel: Parameters<typeof publishRaw>[0];

const TORNADO = {
  message_text: 'The National Weather Service in Gray has issued a Tornado Warning.',
  eas_data: {
    org_raw: 'WXR',
    event: 'TOR',
    event_name: 'Tornado Warning',
    locs: ['Cumberland, ME'],
    duration_minutes: 30,
    start_utc: '2025-06-01T19:20Z',
    sender: 'KGYX/NWS',
    raw_header: 'ZCZC-WXR-TOR-023005+0030-1521920-KGYX/NWS-',
  },
};
const WEEKLY_TEST = {
  message_text: 'This is a test.',
  eas_data: {
    event: 'RWT',
    event_name: 'Required Weekly Test',
    raw_header: 'ZCZC-EAS-RWT-023005+0015-1521920-WBOR-',
  },
};

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), { GROUPME_GROUP_ID: '90000001' });
  theirs = `${world.namespace.exchange}.notifications`;
  const connection = await connectAmqp(inject('brokerUrl'));
  channel = await connection.createConfirmChannel();
  await channel.assertExchange(theirs, 'topic', { durable: true });
  world.onStop(async () => {
    await channel.deleteExchange(theirs);
    await connection.close();
  });
});

afterEach(() => world.stop());

/** As amqp-publish and pika do it without being told more: no headers and no id. */
async function notify(key: string, body: unknown): Promise<void> {
  const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  await publishRaw(channel, theirs, key, content, { deliveryMode: 2, contentType: 'application/json' });
}

async function startBound(overrides: Record<string, string> = {}) {
  const relay = await world.start({ NOTIFICATIONS_EXCHANGE: theirs, ...overrides });
  await relay.waitForLog(({ msg }) => msg === 'bound to an exchange of others');
  return relay;
}

/** The first line of each post. */
const heads = () => world.posts().map((text) => text.split('\n')[0]);

describe('programs with an exchange of their own', () => {
  it('are heard as they are, and what they tell each other never is', async () => {
    const relay = await startBound({ NOTIFICATION_KEYS: '#', FOLD_SECONDS: '0' });
    await notify('health.wbor-endec', { source: 'wbor-endec', body: 'alive' });
    await notify('command.failsafe-override', { action: 'enable', text: 'do it' });
    await notify(
      'notification.ups.onbattery',
      '{"ups_name":"the "big" one","event_type":"onbattery","data":{"message":"UPS the "big" one is on battery."}}',
    );
    await notify('notification.failsafe-status', { event_type: 'source_change', active_source: 'B' });
    await notify('notification.wbor-endec', TORNADO);
    await waitFor(() => world.posts().length >= 3, { what: 'the posts' });
    expect(heads().toSorted()).toEqual([
      'EMERGENCY ALERT: Tornado Warning',
      'Failsafe: source B plays.',
      'UPS the "big" one is on battery.',
    ]);
    expect(relay.logs().filter(({ msg }) => String(msg).startsWith('parked'))).toEqual([]);
  });

  it('are waited for, which /readyz says', async () => {
    await channel.deleteExchange(theirs);
    const relay = await world.start({ NOTIFICATIONS_EXCHANGE: theirs });
    await relay.waitForLog(({ msg }) => String(msg).startsWith('cannot bind to an exchange of others'));
    const readyz = await fetch(`${relay.healthUrl}/readyz`);
    expect(readyz.status).toBe(200);
    expect(await readyz.text()).toContain('nothing that is published there is heard');
    await world.publish('source.standard.x', { body: 'all is well', source: 'x' });
    await waitFor(() => world.posts().length === 1, { what: 'the post' });
  });
});

describe('an EAS header', () => {
  it('is one alert, from AMQP and from the hook, and for the next relay', async () => {
    const relay = await startBound();
    await notify('notification.wbor-endec', {
      ...TORNADO,
      source: 'wbor-endec',
      timestamp_processed_utc: 'now',
    });
    await waitFor(() => world.posts().length === 1, { what: 'the alert' });
    // The same in other bytes, and in more words.
    await world.publish('source.endec.alert', TORNADO, { messageId: 'hook-1' });
    await world.publish('source.endec.alert', { ...TORNADO, message_text: 'Again. '.repeat(200) });
    await relay.stop();
    await startBound();
    await notify('notification.wbor-endec', TORNADO);
    await world.publish('source.standard.x', { body: 'next', source: 'x' });
    await waitFor(() => heads().includes('"next"'), { what: 'the message after it' });
    expect(heads()).toEqual(['EMERGENCY ALERT: Tornado Warning', '"next"']);
  });

  it('of an emergency overtakes, and of a test lets all pass', async () => {
    const relay = await startBound();
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 503 });
    await world.publish('source.standard.x', { body: 'waiting', source: 'x' });
    await notify('notification.wbor-endec', WEEKLY_TEST);
    await world.publish('source.standard.y', { body: 'waiting too', source: 'y' });
    await world.publish('source.endec.alert', TORNADO);
    await waitFor(() => relay.logs().filter(({ msg }) => msg === 'planned').length === 4, {
      what: 'the plans',
    });
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length === 4, { what: 'the posts', timeoutMs: 40_000 });
    expect(heads()[0]).toBe('EMERGENCY ALERT: Tornado Warning');
    expect(heads()[3]).toBe('EAS test: Required Weekly Test');
  });

  it('of a test that GroupMe rejects is told of as any message that was parked', async () => {
    await startBound({ PARKED_NOTICE: 'true' });
    world.simulator.setFault({ route: 'bots/post', times: 1, mode: 'status', status: 400 });
    await notify('notification.wbor-endec', WEEKLY_TEST);
    await waitFor(() => world.posts().length === 1, { what: 'the notice' });
    expect(heads()[0]).toContain('A message of endec was not posted');
  });
});

describe('an episode', () => {
  const lost = {
    ups_name: 'studio',
    event_type: 'onbattery',
    timestamp_utc: '2025-06-01T19:20:00Z',
    data: {},
  };
  const back = {
    ups_name: 'studio',
    event_type: 'offbattery',
    timestamp_utc: '2025-06-01T19:20:04Z',
    data: {},
  };

  it('that is over at once is one message, and the next messages of the source come behind it', async () => {
    const relay = await startBound({ FOLD_SECONDS: '60' });
    await notify('notification.ups.onbattery', lost);
    await notify('notification.ups.other', { event_type: 'other', data: { message: 'Something else.' } });
    await notify('notification.ups.offbattery', back);
    await waitFor(() => world.posts().length === 2, { what: 'the posts' });
    expect(world.posts()).toEqual(['UPS studio was on battery power for 4 seconds.', 'Something else.']);
    await relay.waitForLog(({ msg }) => msg === 'said by the message before it');
  });

  it('that lasts is two messages, and none of them is lost when the relay stops or dies meanwhile', async () => {
    const relay = await startBound({ FOLD_SECONDS: '60' });
    await notify('notification.ups.onbattery', lost);
    await relay.kill();
    const next = await startBound({ FOLD_SECONDS: '60' });
    await next.stop();
    await startBound({ FOLD_SECONDS: '0' });
    await notify('notification.ups.offbattery', { ...back, timestamp_utc: '2025-06-01T19:40:00Z' });
    await waitFor(() => world.posts().length === 2, { what: 'both' });
    expect(heads()).toEqual(['UPS studio is on battery power.', 'UPS studio has mains power again.']);
  });
});

describe('a station of AzuraCast', () => {
  const START_MS = Date.UTC(2025, 5, 1, 19, 20);
  let minute: number;
  let pace: number;
  beforeEach(() => {
    minute = 0;
    pace = 1;
  });

  /** As the gateway publishes what AzuraCast's webhook said, as a rule a minute after the one before. */
  async function see(
    now: { online?: boolean; streamer?: string; song?: string },
    station = 'main',
  ): Promise<void> {
    minute += pace;
    await world.publish('source.azuracast.nowplaying', {
      station,
      received_at: START_MS + minute * 60_000,
      now_playing: {
        station: { id: 1, name: station === 'main' ? 'WBOR' : station, shortcode: station },
        is_online: now.online ?? true,
        live: {
          is_live: now.streamer !== undefined,
          streamer_name: now.streamer ?? '',
          broadcast_start: null,
        },
        now_playing: { sh_id: now.online === false ? 0 : 7, song: { text: now.song ?? 'Artist - Title' } },
        cache: 'event',
      },
    });
  }

  it('is told of when something has changed, over restarts of the relay', async () => {
    const relay = await world.start({ FOLD_SECONDS: '0' });
    await see({});
    await see({ song: 'Another' });
    await see({ online: false });
    await see({ online: false });
    await see({ online: false }, 'other');
    await waitFor(() => world.posts().length === 2, { what: 'both stations' });
    await relay.kill();
    const next = await world.start({ FOLD_SECONDS: '0' });
    await see({ online: false });
    await see({});
    await waitFor(() => world.posts().length === 3, { what: 'the station is back' });
    await next.stop();
    await world.start({ FOLD_SECONDS: '0' });
    await see({});
    await see({ streamer: 'Night Owl' });
    await see({});
    await waitFor(() => world.posts().length === 5, { what: 'the live stream' });
    expect(world.posts()).toEqual([
      'AzuraCast: WBOR is offline.',
      'AzuraCast: other is offline.',
      'AzuraCast: WBOR is online again after 4 minutes.',
      'AzuraCast: Night Owl is live on WBOR.',
      'AzuraCast: Night Owl is no longer live on WBOR after 60 seconds.',
    ]);
  });

  it('that is back in a moment is one message, and what has changed meanwhile is another', async () => {
    pace = 0.25;
    const relay = await world.start({ FOLD_SECONDS: '60' });
    await see({ streamer: 'Night Owl' });
    await see({ online: false });
    // Two webhooks tell of one outage.
    await see({ online: false });
    await see({ song: 'Another' });
    await waitFor(() => world.posts().length === 2, { what: 'both' });
    // It lasts, as far as anybody knows when the relay stops.
    await see({ online: false });
    await world.publish('source.standard.x', { body: 'behind it', source: 'x' });
    await waitFor(() => world.posts().length === 3, { what: 'the message of another source' });
    await relay.stop();
    await world.start({ FOLD_SECONDS: '60' });
    await see({});
    await waitFor(() => world.posts().length === 5, { what: 'the longer one' });
    expect(world.posts().filter((text) => !text.includes('behind it'))).toEqual([
      'AzuraCast: WBOR was offline for 30 seconds.',
      'AzuraCast: Night Owl is no longer live on WBOR.',
      'AzuraCast: WBOR is offline.',
      'AzuraCast: WBOR is online again after 15 seconds.',
    ]);
  });

  it('that is kept back lets nobody wait who would not be read meanwhile', async () => {
    await world.start({ FOLD_SECONDS: '60' });
    for (let index = 0; index < 25; index += 1) await see({ online: index > 0 }, `station-${index}`);
    await waitFor(() => world.posts().length === 1, { what: 'the one that is offline' });
    expect(heads()).toEqual(['AzuraCast: station-0 is offline.']);
  });

  it('is told of once, however often its status is delivered, and never by an older one', async () => {
    await world.start({ AZURACAST_SONGS: 'true', FOLD_SECONDS: '0' });
    await see({});
    const before = minute;
    await see({ song: 'Another' });
    minute = before;
    await see({ song: 'Another' });
    minute = before - 1;
    await see({ online: false });
    await world.publish('source.azuracast.nowplaying', { station: 'main', now_playing: null });
    await world.publish('source.standard.azuracast', { body: 'next', source: 'azuracast' });
    await waitFor(() => heads().includes('"next"'), { what: 'the message after it' });
    expect(heads()).toEqual(['AzuraCast: WBOR plays Another', '"next"']);
  });
});
