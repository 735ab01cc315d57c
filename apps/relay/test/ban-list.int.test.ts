import { startTcpProxy, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  BANNED,
  type BanBed,
  ban,
  metricsOf,
  OTHER,
  readinessOf,
  setUpBans,
  tookVersion,
} from './ban-bed.ts';

let bed: BanBed;

beforeEach(async () => {
  bed = await setUpBans(inject('brokerUrl'));
});

afterEach(() => bed.world.stop());

describe('a relay that starts', () => {
  it('waits for the list before the first SMS, wherever that waits, and lets nothing through', async () => {
    // Declares the queues.
    await (await bed.world.start()).stop();
    const moderator = await bed.startModerator({ answerAfterMs: 700, list: ban(7) });
    await bed.sms('intake');
    await bed.world.publishPlanned({
      wbor_message_id: 'outbox',
      source: 'twilio',
      parts: [{ text: 'outbox' }],
      planned_at: Date.now(),
      sender: BANNED,
      acknowledge: true,
    });
    await bed.sms('kind', OTHER);
    await bed.world.start();
    expect((await bed.outcomes(3)).toSorted()).toEqual([
      'intake blocked',
      'kind delivered',
      'outbox blocked',
    ]);
    expect(bed.said()).toEqual(['kind']);
    expect(moderator.requests).toBeGreaterThan(0);
  });

  it('asks again after it was cut off, and does not act on what it knew before', async () => {
    const proxy = await startTcpProxy({ target: inject('brokerUrl') });
    bed.world.onStop(() => proxy.dispose());
    const moderator = await bed.startModerator({ answerAfterMs: 700 });
    const relay = await bed.world.start({ RABBITMQ_URL: proxy.url(inject('brokerUrl')) });
    await tookVersion(relay, 1);
    await bed.sms('before');
    expect(await bed.outcomes(1)).toEqual(['before delivered']);
    await proxy.cut();
    moderator.set(ban(2));
    await bed.sms('during');
    await proxy.heal();
    // An event whose confirm was cut off is published again.
    const outcomes = async () => new Set(await bed.outcomes(2));
    await waitFor(async () => (await outcomes()).size === 2, { what: 'both outcomes', timeoutMs: 30_000 });
    expect([...(await outcomes())]).toEqual(['before delivered', 'during blocked']);
  });
});

describe('without a moderator', () => {
  it('forwards everything, others at once and SMS after a short wait, and says so', async () => {
    await (await bed.world.start()).stop();
    await bed.sms('sms');
    await bed.world.publish('source.standard.x', {
      body: 'standard',
      source: 'x',
      wbor_message_id: 'standard',
    });
    const relay = await bed.world.start();
    expect(await bed.outcomes(2)).toEqual(['standard delivered', 'sms delivered']);
    expect(await readinessOf(relay)).toEqual({
      status: 200,
      notices: [{ name: 'bans', notice: 'no moderator heard: no bans are enforced' }],
    });
    const metrics = await metricsOf(relay);
    expect(metrics).toContain('relay_bans_age_seconds +Inf');
    expect(metrics).toContain('relay_bans_version 0');
  });

  it('enforces the last list that it knows, says that it is stale, and delivers', async () => {
    const moderator = await bed.startModerator({ answerAfterMs: 0, list: ban(3) });
    const relay = await bed.world.start({ BANS_STALE_SECONDS: '1' });
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
    await bed.sms('rude');
    await bed.sms('kind', OTHER);
    expect((await bed.outcomes(2)).toSorted()).toEqual(['kind delivered', 'rude blocked']);
  });
});
