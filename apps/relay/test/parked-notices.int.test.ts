import { queueName, relayParkedQueue } from '@wbor/contracts';
import { runParked } from '@wbor/parked-cli/testing';
import { connectAmqp, publishRaw, type ServiceProcess, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;
let admin: Parameters<typeof publishRaw>[0];

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'), { PARKED_NOTICE: 'true' });
  const connection = await connectAmqp(inject('brokerUrl'));
  world.onStop(() => connection.close());
  admin = await connection.createConfirmChannel();
});

afterEach(() => world.stop());

function park(source: string): Promise<void> {
  return world.publish(`source.standard.${source}`, '{"body": "cut off, the secret words');
}

function notices(): string[] {
  return world.posts().filter((text) => text.includes('`parked list`'));
}

function until(what: string, probe: () => unknown): Promise<unknown> {
  return waitFor(probe, { what, timeoutMs: 60_000 });
}

async function readyz(relay: ServiceProcess): Promise<{ status: string; notices: { notice: string }[] }> {
  return (await (await fetch(`${relay.healthUrl}/readyz`)).json()) as never;
}

async function noticeOf(relay: ServiceProcess): Promise<string> {
  const { notices: all, status } = await readyz(relay);
  expect(status).toBe('ready');
  return all.map(({ notice }) => notice).find((notice) => notice.includes('parked messages')) ?? '';
}

async function gauges(relay: ServiceProcess): Promise<{ count: number; ageSeconds: number }> {
  const text = await (await fetch(`${relay.healthUrl}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return { count: read('relay_parked_messages'), ageSeconds: read('relay_parked_oldest_age_seconds') };
}

describe('a message that was parked', () => {
  it('is said in the chat once per source, without its words, also by the relay that is started next', async () => {
    const first = await world.start();
    await park('ups');
    await park('ups');
    await until('the notice', () => notices().length === 1);
    expect(notices()[0]).toMatch(/^A message of ups was not posted, or not all of it: it is not JSON\. /);
    await until('the first notice of /readyz', async () =>
      (await noticeOf(first)).startsWith('parked messages: 2,'),
    );
    await first.stop();

    const second = await world.start();
    await until('the next notice of /readyz', async () =>
      (await noticeOf(second)).startsWith('parked messages: 2,'),
    );
    await park('ups');
    await park('studio');
    await until('the next notice', () => notices().length === 2);
    await until('both in hand', async () => (await noticeOf(second)).startsWith('parked messages: 4,'));
    expect(notices()[1]).toContain('A message of studio');
    expect(world.posts().join()).not.toContain('secret words');
    // The hour may have turned meanwhile: then it is said again.
    expect(notices().filter((text) => text.includes('of ups')).length).toBeLessThanOrEqual(2);
  });

  it('is no flood in the chat, whatever its sources are called, and good messages pass the notices', async () => {
    const relay = await world.start({ GROUPME_RATE_PER_SECOND: '2', GROUPME_MAX_RATE_PER_SECOND: '2' });
    for (let number = 0; number < 20; number += 1) {
      await world.publish('source.standard.good', { body: `good${number}`, source: 'good' });
    }
    for (let number = 0; number < 500; number += 1) await park(`madeup${number}`);
    await until('all parked', async () => (await gauges(relay)).count === 500);
    await until('the good ones and the notices', () => world.posts().length >= 33);
    // An hour of the clock may end meanwhile.
    expect(notices().length).toBeLessThanOrEqual(26);
    expect(notices().filter((text) => text.includes('of other sources')).length).toBeGreaterThan(0);
    const lastGood = world.posts().findLastIndex((text) => text.includes('good'));
    const firstNotice = world.posts().findIndex((text) => text.includes('parked list'));
    expect(firstNotice).toBeGreaterThan(lastGood);
  });

  it('is said of no notice: one that GroupMe rejects is parked without a word', async () => {
    const relay = await world.start();
    world.simulator.setFault({ route: 'bots/post', times: 1, mode: 'status', status: 400 });
    await park('ups');
    await until('both parked', async () => (await gauges(relay)).count === 2);
    await world.publish('source.standard.good', { body: 'good', source: 'good' });
    await until('the good one', () => world.posts().length > 0);
    expect(notices()).toEqual([]);
  });

  it('is not said where that is switched off', async () => {
    const relay = await world.start({ PARKED_NOTICE: 'false' });
    await park('ups');
    await until('parked', async () => (await gauges(relay)).count === 1);
    await world.publish('source.standard.good', { body: 'good', source: 'good' });
    await until('the good one', () => world.posts().length > 0);
    expect(notices()).toEqual([]);
  });
});

describe('what the broker put aside by itself', () => {
  it('is said in the chat and by /readyz, and /readyz says so until it is gone', async () => {
    const relay = await world.start();
    await park('ups');
    await until('the first notice', () => notices().length === 1);
    await until('the first look', async () => (await noticeOf(relay)).startsWith('parked messages: 1,'));

    // A real dead letter: its queue gives up on it at once.
    const { queuePrefix } = world.namespace;
    const exchange = `${queuePrefix}elsewhere`;
    await admin.assertExchange(exchange, 'topic', { autoDelete: true });
    await admin.assertQueue(`${queuePrefix}giving-up`, {
      exclusive: true,
      arguments: {
        'x-message-ttl': 0,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': queueName(relayParkedQueue, world.namespace),
      },
    });
    await admin.bindQueue(`${queuePrefix}giving-up`, exchange, '#');
    const alert = Buffer.from('{"body":"the secret words"}');
    await publishRaw(admin, exchange, 'source.standard.weather', alert);
    // What the relay parks itself makes it look at once, not only after half a minute.
    await park('ups');
    await until('the notice', () => notices().length === 2);
    expect(notices()[1]).toMatch(/^A message of weather was not posted, or not all of it: it has expired\. /);
    await until('all three', async () =>
      (await noticeOf(relay)).startsWith('parked messages: 3, the oldest for less than a minute'),
    );

    expect(await runParked(world.env, 'discard', '--all')).toMatchObject({ code: 0 });
    await until('nothing left', async () => (await noticeOf(relay)) === '');
    expect(await gauges(relay)).toEqual({ count: 0, ageSeconds: 0 });
  }, 90_000);
});
