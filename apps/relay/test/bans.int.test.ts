import { shownUid } from '@wbor/contracts';
import {
  type HttpRecorder,
  type ServiceProcess,
  serveJson,
  startHttpServer,
  startTcpProxy,
  waitFor,
} from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type ModeratorDouble, startModeratorDouble } from './moderator-double.ts';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

const BANNED = '+12075550123';
const OTHER = '+12075550199';
const SMS_KEY = 'source.twilio.sms.incoming';

let world: RelayUnderTest;
let web: HttpRecorder;

beforeEach(async () => {
  web = await startHttpServer({ 'POST /acknowledge': serveJson({}) });
  world = await setUpRelay(inject('brokerUrl'), { ACK_URL: `${web.url}/acknowledge` });
  world.onStop(() => web.dispose());
});

afterEach(() => world.stop());

async function startModerator(
  options: Parameters<typeof startModeratorDouble>[2] = { answerAfterMs: 0 },
): Promise<ModeratorDouble> {
  const moderator = await startModeratorDouble(inject('brokerUrl'), world.namespace.exchange, options);
  world.onStop(() => moderator.stop());
  return moderator;
}

function ban(version: number, until: string | null = null, sender = '+1 (207) 555-0123') {
  return { version, bans: [{ sender, until }] };
}

function sms(id: string, from = BANNED, more: object = {}): Promise<void> {
  return world.publish(SMS_KEY, { From: from, Body: id, wbor_message_id: id, source: 'twilio', ...more });
}

/** What became of each message, in order: its id and the outcome. */
async function outcomes(count: number): Promise<string[]> {
  const messages = await world.events.waitForCount(count, 30_000);
  return messages.map(({ json }) => {
    const { wbor_message_id: id, outcome } = json as { wbor_message_id: string; outcome: string };
    return `${id} ${outcome}`;
  });
}

/** First words of the bot's posts. */
function said(): string[] {
  return world.posts().map((text) => /"(\w+)/.exec(text)?.[1] ?? text);
}

function acknowledged(): unknown[] {
  return web.requests.filter(({ path }) => path === '/acknowledge').map(({ json }) => json);
}

function tookVersion(relay: ServiceProcess, version: number): Promise<unknown> {
  return relay.waitForLog((line) => line.msg === 'took a new ban list' && line.version === version);
}

async function metricsOf(relay: ServiceProcess): Promise<string> {
  return (await fetch(`${relay.healthUrl}/metrics`)).text();
}

async function readinessOf(relay: ServiceProcess): Promise<{ status: number; notices: unknown }> {
  const answer = await fetch(`${relay.healthUrl}/readyz`);
  return { status: answer.status, notices: ((await answer.json()) as { notices: unknown }).notices };
}

describe('a banned sender', () => {
  it('is not posted, is acknowledged, is in the audit, and nobody else suffers', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    const { queue, replies } = await world.listenForReplies();
    await world.publish(
      SMS_KEY,
      {
        From: BANNED,
        SenderName: 'JANE DOE',
        Body: 'rude words',
        MediaUrl0: `${web.url}/image.png`,
        wbor_message_id: '01234567-rude',
        source: 'twilio',
      },
      { replyTo: queue, correlationId: 'c' },
    );
    await sms('kind', OTHER);
    // No SMS, so no sender: whatever it calls itself.
    await world.publish('source.standard.x', {
      body: 'standard',
      source: 'x',
      wbor_message_id: 'standard',
      From: BANNED,
      sender: BANNED,
    });
    expect((await outcomes(3)).toSorted()).toEqual([
      '01234567-rude blocked',
      'kind delivered',
      'standard delivered',
    ]);
    expect(said().toSorted()).toEqual(['kind', 'standard']);
    const event = world.events.messages.find(
      ({ json }) => (json as { outcome: string }).outcome === 'blocked',
    );
    expect(event).toMatchObject({
      routingKey: 'source.groupme.msg',
      json: {
        text: `"rude words"\n---UID---\n${shownUid('01234567-rude')}\n---------`,
        source: 'twilio',
        code: 0,
        type: 'log',
        wbor_message_id: '01234567-rude',
        part: 1,
        parts: 1,
        outcome: 'blocked',
        sender: BANNED,
        sender_name: 'JANE DOE',
      },
    });
    await waitFor(() => acknowledged().length === 2 && replies.length === 1, {
      what: 'the acknowledgements',
    });
    expect(acknowledged()).toContainEqual({ wbor_message_id: '01234567-rude' });
    expect(replies).toEqual([
      { correlationId: 'c', body: { status: 'success', message_id: '01234567-rude' } },
    ]);
    expect(web.requests.map(({ path }) => path)).not.toContain('/image.png');
    expect(relay.output()).toContain('not posted: the sender is banned');
    expect(relay.output()).not.toContain('5550123');
    const metrics = await metricsOf(relay);
    expect(metrics).toContain('relay_posts_total{outcome="blocked"} 1');
    expect(metrics).toContain('relay_bans_version 2');
    expect(metrics).toContain('relay_bans 1');
    expect(await readinessOf(relay)).toEqual({ status: 200, notices: [] });
  });

  it('has a row for each message, though they have the same id', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    await sms('same', BANNED, { Body: 'one thing' });
    await sms('same', BANNED, { Body: 'another thing' });
    await outcomes(2);
    const blocked = world.events.messages.filter(
      ({ json }) => (json as { outcome: string }).outcome === 'blocked',
    );
    expect(new Set(blocked.map(({ properties }) => properties.messageId)).size).toBe(2);
  });

  it('is posted again after the ban was lifted, and after it has ended by itself', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    await sms('one');
    expect(await outcomes(1)).toEqual(['one blocked']);
    await moderator.publish({ version: 3, bans: [] });
    await tookVersion(relay, 3);
    await sms('two');
    expect(await outcomes(2)).toEqual(['one blocked', 'two delivered']);
    const untilMs = Date.now() + 3_000;
    await moderator.publish(ban(4, new Date(untilMs).toISOString()));
    await tookVersion(relay, 4);
    await sms('three');
    expect((await outcomes(3)).at(-1)).toBe('three blocked');
    // The moderator says nothing.
    await waitFor(() => Date.now() > untilMs, { what: 'the end of the ban' });
    await sms('four');
    expect((await outcomes(4)).at(-1)).toBe('four delivered');
  });

  it('stays banned when an older list comes late, or one that is none', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await moderator.publish(ban(5));
    await tookVersion(relay, 5);
    await moderator.publish({ version: 4, bans: [] });
    await relay.waitForLog((line) => line.msg === 'ignored an old ban list');
    await world.publish('moderation.bans', { version: 6, bans: 'none' });
    await world.publish('moderation.bans', 'not JSON');
    await waitFor(
      () => relay.logs().filter((line) => line.msg === 'ignored an invalid ban list').length === 2,
      { what: 'both lists to be ignored' },
    );
    await sms('one');
    expect(await outcomes(1)).toEqual(['one blocked']);
  });

  it('stays banned whatever is published as a list: from the future, garbage, ten megabytes', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    const version = Date.now();
    await moderator.publish(ban(version));
    await tookVersion(relay, version);
    await world.publish('moderation.bans', { version: Number.MAX_SAFE_INTEGER, bans: [] });
    await relay.waitForLog((line) => line.msg === 'refused a ban list from the future');
    expect(await readinessOf(relay)).toEqual({
      status: 200,
      notices: [{ name: 'bans', notice: expect.stringContaining('ahead of this clock') }],
    });
    const told = (reason: string) => () => moderator.states.some(({ refused }) => refused?.reason === reason);
    await waitFor(told('ahead'), { what: 'the moderator to hear of it' });
    const garbage = [
      null,
      [],
      {},
      { version: -1, bans: [] },
      { version: 1.5, bans: [] },
      { version: 2 ** 53, bans: [] },
      { version: '7', bans: [] },
      { version, bans: {} },
      { version, bans: [null] },
      { version, bans: [{ sender: 7, until: null }] },
      { version, bans: [{ sender: '', until: null }] },
      { version, bans: [{ sender: '+1', until: 'tomorrow' }] },
    ];
    for (const body of garbage) await world.publish('moderation.bans', body);
    await waitFor(
      () =>
        relay.logs().filter((line) => line.msg === 'ignored an invalid ban list').length === garbage.length,
      { what: 'all of it to be ignored' },
    );
    await waitFor(told('invalid'), { what: 'the moderator to hear of that, too' });
    await world.publish('moderation.bans', { version, bans: [], more: 'x'.repeat(10_000_000) });
    await relay.waitForLog((line) => line.msg === 'ignored a message that is too large');
    await sms('one');
    expect(await outcomes(1)).toEqual(['one blocked']);
    // The moderator's word counts at once, and is answered.
    await moderator.publish({ version: version + 1, bans: [] });
    await tookVersion(relay, version + 1);
    await sms('two');
    expect(await outcomes(2)).toEqual(['one blocked', 'two delivered']);
    expect(await readinessOf(relay)).toEqual({ status: 200, notices: [] });
    await waitFor(() => moderator.states.some((state) => state.version === version + 1 && !state.refused), {
      what: 'the answer of the relay',
    });
  });

  it('is known however a number is written', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await moderator.publish(ban(2, null, '2075550123'));
    await tookVersion(relay, 2);
    for (const from of [`whatsapp:${BANNED}`, 'rcs:+1-207-555-0123', '0012075550123', '207.555.0123']) {
      await sms('same', from);
    }
    await sms('other', OTHER);
    expect((await outcomes(5)).toSorted()).toEqual([
      'other delivered',
      ...Array.from({ length: 4 }, () => 'same blocked'),
    ]);
  });

  it('is in the audit with an image that has no words, too', async () => {
    await startModerator({ answerAfterMs: 0, list: ban(2) });
    await world.start();
    await sms('image', BANNED, { Body: '', MediaUrl0: `${web.url}/image.png` });
    expect(await outcomes(1)).toEqual(['image blocked']);
    expect(world.events.messages[0]?.json).toMatchObject({ text: '', part: 1, parts: 1, sender: BANNED });
    expect(web.requests.map(({ path }) => path)).not.toContain('/image.png');
  });

  it('is blocked by each of two relays', async () => {
    const moderator = await startModerator();
    const relays = [await world.start(), await world.start()];
    await moderator.publish(ban(2));
    await Promise.all(relays.map((relay) => tookVersion(relay, 2)));
    await sms('one');
    await sms('two', OTHER);
    expect((await outcomes(2)).toSorted()).toEqual(['one blocked', 'two delivered']);
    // The other one knows by itself: nobody tells it again.
    await moderator.stop();
    await relays[0]?.kill();
    await sms('three');
    await sms('four', OTHER);
    expect((await outcomes(4)).slice(2).toSorted()).toEqual(['four delivered', 'three blocked']);
    expect(said()).toEqual(['two', 'four']);
  });
});

describe('a message that is planned already', () => {
  it('is blocked in the outbox, and in hand between two tries', async () => {
    const moderator = await startModerator();
    const relay = await world.start();
    await tookVersion(relay, 1);
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 429, retryAfter: 1 });
    await sms('hand');
    await world.simulator.waitFor(({ requests }) => requests.length >= 1, 15_000);
    await sms('outbox');
    await relay.waitForLog((line) => line.msg === 'planned' && line.wbor_message_id === 'outbox');
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    world.simulator.clearFaults();
    await sms('last', OTHER);
    await waitFor(() => said().length === 1, { what: 'the last message', timeoutMs: 30_000 });
    expect(said()).toEqual(['last']);
    const seen = (await outcomes(4)).filter((outcome) => !outcome.endsWith('refused'));
    expect(seen).toEqual(['hand blocked', 'outbox blocked', 'last delivered']);
    await waitFor(() => acknowledged().length === 3, { what: 'the acknowledgements' });
  });

  it('is finished when a part of it is in the chat', async () => {
    const moderator = await startModerator();
    const relay = await world.start({ GROUPME_CHARACTER_LIMIT: '50' });
    world.simulator.setFault({ route: 'bots/post', skip: 1, mode: 'status', status: 429, retryAfter: 1 });
    await sms('id', BANNED, { Body: `${'a'.repeat(50)} ${'b'.repeat(50)}` });
    await world.simulator.waitFor(({ requests }) => requests.length >= 2, 15_000);
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length === 2, { what: 'both parts', timeoutMs: 30_000 });
  });
});

describe('a relay that starts', () => {
  it('waits for the list before the first SMS, wherever that waits, and lets nothing through', async () => {
    // Declares the queues.
    await (await world.start()).stop();
    const moderator = await startModerator({ answerAfterMs: 700, list: ban(7) });
    await sms('intake');
    await world.publishPlanned({
      wbor_message_id: 'outbox',
      source: 'twilio',
      parts: [{ text: 'outbox' }],
      planned_at: Date.now(),
      sender: BANNED,
      acknowledge: true,
    });
    await sms('kind', OTHER);
    await world.start();
    expect((await outcomes(3)).toSorted()).toEqual(['intake blocked', 'kind delivered', 'outbox blocked']);
    expect(said()).toEqual(['kind']);
    expect(moderator.requests).toBeGreaterThan(0);
  });

  it('asks again after it was cut off, and does not act on what it knew before', async () => {
    const proxy = await startTcpProxy({ target: inject('brokerUrl') });
    world.onStop(() => proxy.dispose());
    const moderator = await startModerator({ answerAfterMs: 700 });
    const relay = await world.start({ RABBITMQ_URL: proxy.url(inject('brokerUrl')) });
    await tookVersion(relay, 1);
    await sms('before');
    expect(await outcomes(1)).toEqual(['before delivered']);
    await proxy.cut();
    moderator.set(ban(2));
    await sms('during');
    await proxy.heal();
    expect(await outcomes(2)).toEqual(['before delivered', 'during blocked']);
  });
});

describe('without a moderator', () => {
  it('forwards everything, others at once and SMS after a short wait, and says so', async () => {
    await (await world.start()).stop();
    await sms('sms');
    await world.publish('source.standard.x', { body: 'standard', source: 'x', wbor_message_id: 'standard' });
    const relay = await world.start();
    expect(await outcomes(2)).toEqual(['standard delivered', 'sms delivered']);
    expect(await readinessOf(relay)).toEqual({
      status: 200,
      notices: [{ name: 'bans', notice: 'no moderator heard: no bans are enforced' }],
    });
    const metrics = await metricsOf(relay);
    expect(metrics).toContain('relay_bans_age_seconds +Inf');
    expect(metrics).toContain('relay_bans_version 0');
  });

  it('enforces the last list that it knows, says that it is stale, and delivers', async () => {
    const moderator = await startModerator({ answerAfterMs: 0, list: ban(3) });
    const relay = await world.start({ BANS_STALE_SECONDS: '1' });
    await tookVersion(relay, 3);
    await moderator.stop();
    const readiness = await waitFor(
      async () => {
        const now = await readinessOf(relay);
        return JSON.stringify(now).includes('stale') ? now : undefined;
      },
      { what: 'the notice' },
    );
    expect(readiness).toEqual({
      status: 200,
      notices: [
        {
          name: 'bans',
          notice: expect.stringMatching(/^bans are stale: the moderator has not been heard for \d+ s$/),
        },
      ],
    });
    expect(Number(/^relay_bans_age_seconds (.+)$/m.exec(await metricsOf(relay))?.[1])).toBeGreaterThan(1);
    await sms('rude');
    await sms('kind', OTHER);
    expect((await outcomes(2)).toSorted()).toEqual(['kind delivered', 'rude blocked']);
  });
});
