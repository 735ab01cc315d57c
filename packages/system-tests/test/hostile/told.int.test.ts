import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
beforeAll(async () => {
  bed = await startHostileBed();
});
afterAll(() => bed?.stop());

describe('12: a lost alert is said', () => {
  it('in the chat once per source, in /readyz and in the metrics, without its words', async () => {
    for (let copy = 0; copy < 3; copy += 1)
      await bed.publish('source.standard.endec', '{"body":"TORNADO", cut off');
    await waitFor(async () => (await bed.listParked('relay')).length === 3, {
      what: 'three in relay.parked',
    });
    const told = await bed.waitForPost('endec');
    expect(told).toMatch(/parked/i);
    expect(told).not.toContain('TORNADO');
    const readyz = `${bed.system.service('relay').healthUrl}/readyz`;
    const notice = await waitFor(
      async () => /parked[^}]*3[^}]*/.exec(await (await fetch(readyz)).text())?.[0],
      { what: 'the notice in /readyz', timeoutMs: 90_000, intervalMs: 500 },
    );
    expect(notice).toMatch(/parked/);
    await bed.expectUnharmed('12');
    expect(bed.postsWith('endec')).toHaveLength(1);
    expect(await bed.metric('relay', 'relay_parked_messages')).toBe(3);
    expect((await bed.parked('relay', 'discard', '--all')).code).toBe(0);
  }, 150_000);
});

describe('13: edits', () => {
  it('a callback with a known id and other content is a row of its own, a copy is not', async () => {
    const id = `${Date.now()}00013`;
    for (const text of ['first words', 'first words', 'other words'])
      expect((await bed.callback({ id, text })).status).toBe(200);
    await waitFor(async () => (await bed.system.count('groupme_callbacks', `groupme_id = '${id}'`)) === 2, {
      what: 'two rows',
    });
    await bed.expectUnharmed('13');
    expect(await bed.system.count('groupme_callbacks', `groupme_id = '${id}'`)).toBe(2);
  });

  it('takes a numeric id, and numbers for user and group', async () => {
    const id = Date.now();
    expect(
      (
        await bed.callback({
          id,
          text: 'a numeric id',
          user_id: 9001,
          group_id: Number(bed.system.simulator.groupId),
        })
      ).status,
    ).toBe(200);
    await waitFor(async () => (await bed.system.count('groupme_callbacks', `groupme_id = '${id}'`)) === 1, {
      what: 'its row',
    });
  });
});

describe('14: small', () => {
  it.each([
    ['/send', 5_000],
    ['/send', 100_000],
    ['callback', 5_000],
    ['callback', 100_000],
  ])('a nesting bomb on %s, %d deep, is 400', async (where, depth) => {
    const bomb = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const path = new URL(bed.callbackUrl).pathname;
    const answer =
      where === '/send'
        ? await bed.post('/send', `{"source":"ups","body":"x","images":${bomb}}`)
        : await bed.post(path, `{"id":"14","text":"x","attachments":${bomb}}`);
    expect(answer.status).toBe(400);
    await bed.expectUnharmed('14, nesting');
  });

  it('a callback from the future is kept, with a time that can be', async () => {
    const id = `${Date.now()}00014`;
    expect((await bed.callback({ id, text: 'from the future', created_at: 99_999_999_999 })).status).toBe(
      200,
    );
    await waitFor(
      async () =>
        (await bed.system.count(
          'groupme_callbacks',
          `groupme_id = '${id}' AND occurred_at < now() + interval '1 hour'`,
        )) === 1,
      {
        what: 'its row',
      },
    );
  });

  it('a member who types without end is slowed down, and another one is answered', async () => {
    for (let index = 0; index < 60; index += 1)
      await bed.system.simulator.postAsMember({ name: 'Loud', text: '!ping' });
    // Commands run in the order in which they were typed: when this one is answered, those before it have been.
    await bed.ask('!help', /!who/);
    await bed.expectUnharmed('14, commands');
    expect(bed.postsWith('pong').length).toBeLessThan(40);
  });
});
