import { shownUid } from '@wbor/contracts';
import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  BANNED,
  type BanBed,
  ban,
  metricsOf,
  OTHER,
  readinessOf,
  SMS_KEY,
  setUpBans,
  tookVersion,
} from './ban-bed.ts';

let bed: BanBed;

beforeEach(async () => {
  bed = await setUpBans(inject('brokerUrl'));
});

afterEach(() => bed.world.stop());

describe('a banned sender', () => {
  it('is not posted, is acknowledged, is in the audit, and nobody else suffers', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    const { queue, replies } = await bed.world.listenForReplies();
    await bed.world.publish(
      SMS_KEY,
      {
        From: BANNED,
        SenderName: 'JANE DOE',
        Body: 'rude words',
        MediaUrl0: `${bed.web.url}/image.png`,
        wbor_message_id: '01234567-rude',
        source: 'twilio',
      },
      { replyTo: queue, correlationId: 'c' },
    );
    await bed.sms('kind', OTHER);
    // No SMS, so no sender: whatever it calls itself.
    await bed.world.publish('source.standard.x', {
      body: 'standard',
      source: 'x',
      wbor_message_id: 'standard',
      From: BANNED,
      sender: BANNED,
    });
    expect((await bed.outcomes(3)).toSorted()).toEqual([
      '01234567-rude blocked',
      'kind delivered',
      'standard delivered',
    ]);
    expect(bed.said().toSorted()).toEqual(['kind', 'standard']);
    const event = bed.world.events.messages.find(
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
    await waitFor(() => bed.acknowledged().length === 2 && replies.length === 1, {
      what: 'the acknowledgements',
    });
    expect(bed.acknowledged()).toContainEqual({ wbor_message_id: '01234567-rude' });
    expect(replies).toEqual([
      { correlationId: 'c', body: { status: 'success', message_id: '01234567-rude' } },
    ]);
    expect(bed.web.requests.map(({ path }) => path)).not.toContain('/image.png');
    expect(relay.output()).toContain('not posted: the sender is banned');
    expect(relay.output()).not.toContain('5550123');
    const metrics = await metricsOf(relay);
    expect(metrics).toContain('relay_posts_total{outcome="blocked"} 1');
    expect(metrics).toContain('relay_bans_version 2');
    expect(metrics).toContain('relay_bans 1');
    expect(await readinessOf(relay)).toEqual({ status: 200, notices: [] });
  });

  it('has a row for each message, though they have the same id', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    await bed.sms('same', BANNED, { Body: 'one thing' });
    await bed.sms('same', BANNED, { Body: 'another thing' });
    await bed.outcomes(2);
    const blocked = bed.world.events.messages.filter(
      ({ json }) => (json as { outcome: string }).outcome === 'blocked',
    );
    expect(new Set(blocked.map(({ properties }) => properties.messageId)).size).toBe(2);
  });

  it('is posted again after the ban was lifted, and after it has ended by itself', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    await bed.sms('one');
    expect(await bed.outcomes(1)).toEqual(['one blocked']);
    await moderator.publish({ version: 3, bans: [] });
    await tookVersion(relay, 3);
    await bed.sms('two');
    expect(await bed.outcomes(2)).toEqual(['one blocked', 'two delivered']);
    const untilMs = Date.now() + 3_000;
    await moderator.publish(ban(4, new Date(untilMs).toISOString()));
    await tookVersion(relay, 4);
    await bed.sms('three');
    expect((await bed.outcomes(3)).at(-1)).toBe('three blocked');
    // The moderator says nothing.
    await waitFor(() => Date.now() > untilMs, { what: 'the end of the ban' });
    await bed.sms('four');
    expect((await bed.outcomes(4)).at(-1)).toBe('four delivered');
  });

  it('stays banned when an older list comes late, or one that is none', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await moderator.publish(ban(5));
    await tookVersion(relay, 5);
    await moderator.publish({ version: 4, bans: [] });
    await relay.waitForLog((line) => line.msg === 'ignored an old ban list');
    await bed.world.publish('moderation.bans', { version: 6, bans: 'none' });
    await bed.world.publish('moderation.bans', 'not JSON');
    await waitFor(
      () => relay.logs().filter((line) => line.msg === 'ignored an invalid ban list').length === 2,
      { what: 'both lists to be ignored' },
    );
    await bed.sms('one');
    expect(await bed.outcomes(1)).toEqual(['one blocked']);
  });

  it('stays banned whatever is published as a list: from the future, garbage, ten megabytes', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    const version = Date.now();
    await moderator.publish(ban(version));
    await tookVersion(relay, version);
    await bed.world.publish('moderation.bans', { version: Number.MAX_SAFE_INTEGER, bans: [] });
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
    for (const body of garbage) await bed.world.publish('moderation.bans', body);
    await waitFor(
      () =>
        relay.logs().filter((line) => line.msg === 'ignored an invalid ban list').length === garbage.length,
      { what: 'all of it to be ignored' },
    );
    await waitFor(told('invalid'), { what: 'the moderator to hear of that, too' });
    await bed.world.publish('moderation.bans', { version, bans: [], more: 'x'.repeat(10_000_000) });
    await relay.waitForLog((line) => line.msg === 'ignored a message that is too large');
    await bed.sms('one');
    expect(await bed.outcomes(1)).toEqual(['one blocked']);
    // The moderator's word counts at once, and is answered.
    await moderator.publish({ version: version + 1, bans: [] });
    await tookVersion(relay, version + 1);
    await bed.sms('two');
    expect(await bed.outcomes(2)).toEqual(['one blocked', 'two delivered']);
    expect(await readinessOf(relay)).toEqual({ status: 200, notices: [] });
    await waitFor(() => moderator.states.some((state) => state.version === version + 1 && !state.refused), {
      what: 'the answer of the relay',
    });
  });

  it('is known however a number is written', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await moderator.publish(ban(2, null, '2075550123'));
    await tookVersion(relay, 2);
    for (const from of [`whatsapp:${BANNED}`, 'rcs:+1-207-555-0123', '0012075550123', '207.555.0123']) {
      await bed.sms('same', from);
    }
    await bed.sms('other', OTHER);
    expect((await bed.outcomes(5)).toSorted()).toEqual([
      'other delivered',
      ...Array.from({ length: 4 }, () => 'same blocked'),
    ]);
  });

  it('is in the audit with an image that has no words, too', async () => {
    await bed.startModerator({ answerAfterMs: 0, list: ban(2) });
    await bed.world.start();
    await bed.sms('image', BANNED, { Body: '', MediaUrl0: `${bed.web.url}/image.png` });
    expect(await bed.outcomes(1)).toEqual(['image blocked']);
    expect(bed.world.events.messages[0]?.json).toMatchObject({ text: '', part: 1, parts: 1, sender: BANNED });
    expect(bed.web.requests.map(({ path }) => path)).not.toContain('/image.png');
  });

  it('is blocked by each of two relays', async () => {
    const moderator = await bed.startModerator();
    const relays = [await bed.world.start(), await bed.world.start()];
    await moderator.publish(ban(2));
    await Promise.all(relays.map((relay) => tookVersion(relay, 2)));
    await bed.sms('one');
    await bed.sms('two', OTHER);
    expect((await bed.outcomes(2)).toSorted()).toEqual(['one blocked', 'two delivered']);
    // The other one knows by itself: nobody tells it again.
    await moderator.stop();
    await relays[0]?.kill();
    await bed.sms('three');
    await bed.sms('four', OTHER);
    expect((await bed.outcomes(4)).slice(2).toSorted()).toEqual(['four delivered', 'three blocked']);
    expect(bed.said()).toEqual(['two', 'four']);
  });
});

describe('a message that is planned already', () => {
  it('is blocked in the outbox, and in hand between two tries', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start();
    await tookVersion(relay, 1);
    bed.world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 429, retryAfter: 1 });
    await bed.sms('hand');
    await bed.world.simulator.waitFor(({ requests }) => requests.length >= 1, 15_000);
    await bed.sms('outbox');
    await relay.waitForLog((line) => line.msg === 'planned' && line.wbor_message_id === 'outbox');
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    bed.world.simulator.clearFaults();
    await bed.sms('last', OTHER);
    await waitFor(() => bed.said().length === 1, { what: 'the last message', timeoutMs: 30_000 });
    expect(bed.said()).toEqual(['last']);
    const seen = (await bed.outcomes(4)).filter((outcome) => !outcome.endsWith('refused'));
    expect(seen).toEqual(['hand blocked', 'outbox blocked', 'last delivered']);
    await waitFor(() => bed.acknowledged().length === 3, { what: 'the acknowledgements' });
  });

  it('is finished when a part of it is in the chat', async () => {
    const moderator = await bed.startModerator();
    const relay = await bed.world.start({ GROUPME_CHARACTER_LIMIT: '50' });
    bed.world.simulator.setFault({ route: 'bots/post', skip: 1, mode: 'status', status: 429, retryAfter: 1 });
    await bed.sms('id', BANNED, { Body: `${'a'.repeat(50)} ${'b'.repeat(50)}` });
    await bed.world.simulator.waitFor(({ requests }) => requests.length >= 2, 15_000);
    await moderator.publish(ban(2));
    await tookVersion(relay, 2);
    bed.world.simulator.clearFaults();
    await waitFor(() => bed.world.posts().length === 2, { what: 'both parts', timeoutMs: 30_000 });
  });
});
