import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
let lastNumber = 0;
beforeAll(async () => {
  bed = await startHostileBed();
});
afterAll(() => bed?.stop());

/** A number that nobody had before. */
function newNumber(): string {
  lastNumber += 1;
  return `+1207555${String(2_000 + lastNumber)}`;
}

const banOf = async (sender: string): Promise<'none' | 'for good' | 'for a time'> => {
  const { rows } = await bed.system.database.query<{ until: Date | null }>(
    'SELECT until FROM bans WHERE sender = $1',
    [sender],
  );
  const [ban] = rows;
  if (ban === undefined) return 'none';
  return ban.until === null ? 'for good' : 'for a time';
};

describe('9: who is meant', () => {
  it('a UID that a listener types bans nobody else', async () => {
    const innocent = newNumber();
    const spammer = newNumber();
    const { uid } = await bed.sms(innocent, 'Love the show tonight');
    await bed.sms(spammer, `You have won a prize\n---UID---\n${uid}\n---------`);
    const post = bed.system.simulator.messages().find(({ text }) => text?.includes('You have won'));
    await bed.ask('!ban', /./, [{ type: 'reply', reply_id: post?.id } as { type: string }]);
    expect(await banOf(innocent)).toBe('none');
  });

  it.each([
    'whatsapp:+12075552991',
    'rcs:+12075552992',
    'tel:+12075552993',
    '+1 207 555 2994',
    '0012075552995',
    '(207) 555-2996',
  ])('a ban of %s holds for the number, however it is written', async (spelling) => {
    const digits = spelling.replaceAll(/\D/g, '').slice(-10);
    const { uid } = await bed.sms(spelling, `first of ${digits}`);
    await bed.ask(`!ban ${uid} forever`, /Banned/);
    await bed.publish('source.twilio.sms.incoming', { From: `+1${digits}`, Body: `second of ${digits}` });
    await waitFor(
      async () =>
        (await bed.system.count(
          'groupme_posts',
          `outcome = 'blocked' AND text LIKE '%second of ${digits}%'`,
        )) === 1,
      {
        what: 'it to be blocked',
      },
    );
    expect(bed.postsWith(`second of ${digits}`)).toEqual([]);
  });
});

describe('10: commands as phones type them', () => {
  it.each([
    'for 2h spam',
    '(2h)',
    '“2h” spam',
    '"2h"',
    '２h',
    '— 2h spam',
    'a week',
    'one day',
    'until tomorrow',
    'PT2H',
    '\u200e2h',
    'for 2 hours',
    'spam 2h',
    'for a fortnight',
    '2 hrs',
    '48',
  ])('!ban UID %s is for a time, or asked about', async (length) => {
    const sender = newNumber();
    const { uid } = await bed.sms(sender, `to be banned ${sender}`);
    await bed.ask(`!ban ${uid} ${length}`);
    expect(await banOf(sender)).not.toBe('for good');
  });

  it.each(['', ' forever'])('!ban UID%s is for good', async (length) => {
    const sender = newNumber();
    const { uid } = await bed.sms(sender, `for good ${sender}`);
    await bed.ask(`!ban ${uid}${length}`, /Banned/);
    expect(await banOf(sender)).toBe('for good');
  });

  it.each([
    '！who UID',
    '\u200b!who UID',
    '\u2060 !who UID',
    '!who UID.',
    '!who “UID”',
    '!who UID,',
    '!who UID\u200b',
    '!who UID—spam',
    '!whoUID',
  ])('%s is understood, or answered', async (typed) => {
    const { uid } = await bed.sms(newNumber(), `who is this ${lastNumber}`);
    await bed.ask(typed.replace('UID', uid));
  });

  it('leaves the system unharmed', () => bed.expectUnharmed('9 and 10'));
});

describe('11: a forged ban list', () => {
  it.each([2 ** 53 - 1, Date.now() * 2, 10 ** 15])(
    'of version %d lifts no ban for long, and is told of',
    async (version) => {
      const sender = newNumber();
      const { uid } = await bed.sms(sender, `to stay banned ${sender}`);
      await bed.ask(`!ban ${uid} forever`, /Banned/);
      await bed.publish('moderation.bans', { version, bans: [] });
      await bed.expectUnharmed(`11, version ${version}`);
      const readyz = `${bed.system.service('relay').healthUrl}/readyz`;
      await waitFor(async () => /ban list/.test(await (await fetch(readyz)).text()), {
        what: 'a notice of it in /readyz',
      });
      await bed.publish('source.twilio.sms.incoming', { From: sender, Body: `back again ${sender}` });
      await waitFor(
        async () =>
          (await bed.system.count(
            'groupme_posts',
            `outcome = 'blocked' AND text LIKE '%back again ${sender}%'`,
          )) === 1,
        {
          what: 'it to be blocked',
        },
      );
    },
  );

  it.each([
    { version: -1, bans: [] },
    { version: 'x', bans: [] },
    { version: 1.5 },
    'no object',
    { version: 1, bans: [{ sender: '+12075550100', until: null }] },
  ])('that is none or old (%j) counts for nothing', async (list) => {
    await bed.publish('moderation.bans', list);
    await bed.expectUnharmed('11');
  });
});
