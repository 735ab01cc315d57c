import { randomBytes } from 'node:crypto';
import {
  azuracastMessage,
  endecMessage,
  endecNotification,
  failsafeNotification,
  smsBan,
  smsUnban,
  upsNotification,
} from '@wbor/contracts';
import { connectAmqp, waitFor } from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readQueue } from '../../src/read-queue.ts';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
let channel: ConfirmChannel;
/** The exchange of the other programs. */
const theirs = `hostile-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  const connection = await connectAmqp(inject('brokerUrl'));
  channel = await connection.createConfirmChannel();
  await channel.assertExchange(theirs, 'topic', { durable: true });
  bed = await startHostileBed({ relayEnv: { NOTIFICATIONS_EXCHANGE: theirs } });
  bed.system.onStop(async () => {
    await channel.deleteExchange(theirs);
    await connection.close();
  });
  await bed.system.service('relay').waitForLog(({ msg }) => msg === 'bound to an exchange of others');
});
afterAll(() => bed?.stop());

/** Where each is published; what is not on the exchange of others is on ours. */
const CONTRACTS = [
  { key: 'notification.wbor-endec', exchange: theirs, example: endecNotification.example },
  { key: 'notification.ups.onbattery', exchange: theirs, example: upsNotification.example },
  { key: 'notification.failsafe-status', exchange: theirs, example: failsafeNotification.example },
  { key: azuracastMessage.key, exchange: undefined, example: azuracastMessage.example },
  { key: endecMessage.key, exchange: undefined, example: endecMessage.example },
  { key: smsBan.key, exchange: undefined, example: smsBan.example },
  { key: smsUnban.key, exchange: undefined, example: smsUnban.example },
] as const;

/** All at once, and one wait for the broker: GroupMe answers in this process, too. */
async function publish(
  { exchange, key }: { exchange?: string | undefined; key: string },
  ...bodies: (object | string)[]
): Promise<void> {
  for (const body of bodies) {
    const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    channel.publish(exchange ?? bed.system.namespace.exchange, key, content, { persistent: true });
  }
  await channel.waitForConfirms();
}

const times = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  ' \0',
  '\ud800',
  '\u202e!clear',
  '9'.repeat(400),
  'n'.repeat(70_000),
  [],
  [[]],
  {},
  { toString: 1 },
];

/** The body with each field, at any depth, replaced by each odd value. */
function* oddBodies(body: object): Generator<object> {
  for (const [name, value] of Object.entries(body)) {
    for (const odd of ODD) yield { ...body, [name]: odd };
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of oddBodies(value)) yield { ...body, [name]: inner };
  }
}

describe('19: messages of the station’s programs', () => {
  it.each(CONTRACTS)('$key: nothing odd in any field blocks or kills', async (to) => {
    await publish(to, ...oddBodies(to.example));
    await bed.expectUnharmed(`19, ${to.key}, odd fields`);
  });

  it.each(CONTRACTS)('$key: bytes that are nothing, without end or deeper than any neither', async (to) => {
    const json = JSON.stringify(to.example);
    await publish(
      to,
      '',
      'null',
      '[]',
      '"\\ud800"',
      '\0'.repeat(1_000),
      '{"a":'.repeat(12_000),
      `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
      '"'.repeat(60_000),
      "{'".repeat(30_000),
      `{"data":{"message":"${'\\"'.repeat(20_000)}`,
      '/*'.repeat(30_000),
      json.slice(0, -1),
      json.replace(/}$/, `,"x":"${'x'.repeat(1_500_000)}"}`),
    );
    await bed.expectUnharmed(`19, ${to.key}, bytes`);
  });

  it('leave nothing in the queues, and what cannot be read is parked', async () => {
    const { queuePrefix } = bed.system.namespace;
    await waitFor(
      async () => {
        const counts = await Promise.all(
          ['relay.standard', 'relay.twilio', 'moderator.sms-commands'].map(
            async (queue) => (await channel.checkQueue(`${queuePrefix}${queue}`)).messageCount,
          ),
        );
        return counts.every((count) => count === 0);
      },
      { what: 'empty queues', timeoutMs: 60_000 },
    );
    expect((await bed.listParked('relay')).length).toBeGreaterThan(20);
  });
});

describe('20: alerts that differ by one byte', () => {
  const alert = (event: string, byte: number, again = '') => ({
    message_text: `c20 ${event} ${byte}.${again}`,
    eas_data: {
      ...endecMessage.example.eas_data,
      event,
      event_name: event,
      raw_header: `ZCZC-WXR-${event}-${String(byte).padStart(6, '0')}+0030-1521920-KGYX/NWS-`,
    },
  });
  const told = (event: string) => bed.postsWith(`c20 ${event} `);

  it('are one post each by the thousand, the same one is never posted twice, and what comes behind them comes', async () => {
    await publish(CONTRACTS[4], ...times(2_000, (byte) => alert('RWT', byte)));
    await publish(CONTRACTS[0], ...times(100, (byte) => alert('TOR', byte)));
    await publish(CONTRACTS[4], ...times(100, (byte) => alert('TOR', byte, ' Once more.')));
    await publish({ key: 'source.standard.behind' }, { body: 'c20 behind them', source: 'behind' });
    const all = () =>
      told('RWT').length >= 2_000 && told('TOR').length >= 100 && bed.postsWith('c20 behind them').length > 0;
    await waitFor(all, { what: 'all of them', timeoutMs: 240_000, intervalMs: 500 });
    await bed.expectUnharmed('20, afterwards');
    for (const event of ['RWT', 'TOR']) expect(new Set(told(event)).size, event).toBe(told(event).length);
    expect(told('TOR')).toHaveLength(100);
    expect(told('RWT')).toHaveLength(2_000);
  }, 300_000);
});

describe('21: forged stations', () => {
  const status = (station: string, isOnline: boolean, more: object = {}) => ({
    station,
    received_at: Date.now(),
    now_playing: {
      station: { name: station, shortcode: station },
      is_online: isOnline,
      live: { is_live: false, streamer_name: '' },
      now_playing: { sh_id: 7, song: { text: 'A - B' } },
      ...more,
    },
  });
  const azuracast = CONTRACTS[3];

  it('by the thousand take little memory, here and in the queue', async () => {
    await publish(
      azuracast,
      ...times(2_000, (index) => status(`forged-${index % 1_000} ${'n'.repeat(index)}`, true)),
    );
    const queue = `${bed.system.namespace.queuePrefix}relay.stations`;
    await waitFor(
      async () =>
        (await channel.checkQueue(`${bed.system.namespace.queuePrefix}relay.standard`)).messageCount === 0,
      { what: 'all of them read', timeoutMs: 120_000 },
    );
    await bed.expectUnharmed('21, stations');
    const [kept, ...others] = await readQueue(inject('brokerUrl'), queue);
    expect(others).toEqual([]);
    expect(kept?.content.length).toBeLessThan(50_000);
    const { stations } = JSON.parse(kept?.content.toString() ?? '') as { stations: unknown[] };
    expect(stations.length).toBeLessThanOrEqual(50);
  }, 180_000);

  it('that go offline by the hundred are all told of', async () => {
    await publish(azuracast, ...times(300, (index) => status(`gone-${index}`, false)));
    await waitFor(() => bed.postsWith('AzuraCast: gone-').length === 300, {
      what: 'all of them',
      timeoutMs: 90_000,
    });
    await bed.expectUnharmed('21, offline');
  }, 120_000);
});
