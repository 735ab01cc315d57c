import {
  type BanList,
  banListMessage,
  banListState,
  MAX_BAN_LIST_LEAD_MS,
  type MessageDefinition,
} from '@wbor/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestBed, eventually, type TestBed } from './test-bed.ts';

const ANN = '+12075550101';
const ID = '0a1b2c3d-1111-4222-8333-444455556666';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
  await bed.addPost(ID, { sender: ANN });
});
afterEach(() => bed.dispose());

const publish = (body: unknown) =>
  bed.broker.publish(banListMessage as MessageDefinition, body, { mandatory: false });
const tell = (
  version: number | null,
  refused: { version: number | null; reason: 'ahead' | 'old' | 'invalid' } | null,
) =>
  bed.broker.publish(
    banListState,
    { relay: 'relay-1', version, refused, at: new Date().toISOString() },
    { mandatory: false },
  );
const newest = () => bed.lists().toSorted((a, b) => b.version - a.version)[0] as BanList;

describe('a ban list of somebody else', () => {
  it.each([
    [
      'of a newer version',
      (own: BanList) => ({
        version: Date.now() + MAX_BAN_LIST_LEAD_MS - 60_000,
        bans: [] as BanList['bans'],
        own,
      }),
    ],
    ['of the same version', (own: BanList) => ({ version: own.version, bans: [], own })],
    [
      'that bans others',
      (own: BanList) => ({ version: own.version + 1, bans: [{ sender: '+12075550999', until: null }], own }),
    ],
  ])('%s is outranked at once by ours', async (_what, forge) => {
    const moderator = await bed.launch();
    await bed.type('!ban 0a1b2c3d');
    await eventually(() => expect(newest().bans).toHaveLength(1));
    const { own, ...forged } = forge(newest());
    await publish(forged);
    await eventually(() => {
      expect(newest().version).toBeGreaterThan(forged.version);
      expect(newest()).toMatchObject({ bans: own.bans });
    });
    expect(moderator.logged('somebody else has published a ban list')).not.toEqual([]);
  });

  it('that says to be from the future is refused by relays and named in the answer to !ban', async () => {
    await bed.launch();
    expect((await bed.type('!ban 0a1b2c3d')).reply).not.toContain('Careful');
    await publish({ version: Number.MAX_SAFE_INTEGER, bans: [] });
    await eventually(async () => {
      expect((await bed.type('!ban 0a1b2c3d')).reply).toContain('Careful: somebody else has published');
    });
    await eventually(() => expect(bed.lists().at(-1)?.version).toBeLessThan(Date.now() + 60_000));
  });

  it('is outranked too when only a relay tells of it', async () => {
    await bed.launch();
    await bed.type('!ban 0a1b2c3d');
    await eventually(() => expect(newest().bans).toHaveLength(1));
    const version = newest().version + 5_000;
    await tell(version, { version: newest().version, reason: 'old' });
    await eventually(() => expect(newest().version).toBeGreaterThan(version));
    expect(newest().bans).toEqual([{ sender: ANN, until: null }]);
  });

  it('of any shape breaks nothing, and ours are not taken for foreign', async () => {
    const first = await bed.launch();
    const second = await bed.launch();
    for (const body of [
      null,
      7,
      [],
      { version: -1, bans: [] },
      { version: 1, bans: 'x'.repeat(2_000_000) },
      { version: 'x' },
    ]) {
      await publish(body);
      await bed.broker.publish(banListState as MessageDefinition, body, { mandatory: false });
    }
    for (const text of ['!ban 0a1b2c3d 1h', '!unban 0101', '!ban 0a1b2c3d', '!unban 0101']) {
      expect((await bed.type(text)).result).toBe('done');
    }
    expect([...first.logged('somebody else'), ...second.logged('somebody else')]).toEqual([]);
  });
});

describe('a relay that does not take the list', () => {
  it('is said in /readyz, in the answer to !ban, and in the chat when the answer was too early', async () => {
    const moderator = await bed.launch();
    await bed.type('!ban 0a1b2c3d');
    await eventually(() => expect(newest().bans).toHaveLength(1));
    const { version } = newest();
    await tell(1, { version, reason: 'ahead' });
    await eventually(() => expect(bed.replies().at(-1)).toContain('does not take my ban list'));
    expect(moderator.notices()).toEqual([expect.stringContaining('1 of 1 relays does not take my ban list')]);
    expect((await bed.type('!status')).reply).toContain('does not take my ban list');
    // Told again: said once.
    await tell(1, { version, reason: 'ahead' });
    await bed.type('!ping');
    expect(bed.replies().filter((reply) => reply.startsWith('Careful: '))).toHaveLength(1);
    await tell(version, null);
    await eventually(() => expect(moderator.notices()).toEqual([]));
  });

  it('since it cannot read it is said too, and not one that refuses what somebody else published', async () => {
    const moderator = await bed.launch();
    await bed.type('!ban 0a1b2c3d');
    await eventually(() => expect(newest().bans).toHaveLength(1));
    const { version } = newest();
    await tell(version, { version: null, reason: 'invalid' });
    expect((await bed.type('!status')).reply).not.toContain('Careful');
    // Each minute relays are told the list again, and answer: by then it is no word about the list before.
    await eventually(async () => {
      await tell(version - 1, { version: null, reason: 'invalid' });
      expect(bed.replies().at(-1)).toContain('does not take my ban list');
    });
    expect(bed.replies().at(-1)).toContain('(it cannot read what came last');
    expect(bed.replies().filter((reply) => reply.startsWith('Careful: '))).toHaveLength(1);
    expect((await bed.type('!ban 0a1b2c3d')).reply).toMatch(/^Banned .*\nCareful: /);
    expect(moderator.logged('somebody else')).toEqual([]);
  });
});

describe('a flood of commands', () => {
  it('of one member is answered once and ignored for a minute, and is in the audit; others are not affected', async () => {
    await bed.launch({ COMMANDS_PER_MINUTE: '3' });
    const results: string[] = [];
    for (let count = 0; count < 8; count += 1) results.push((await bed.type('!ping')).reply.slice(0, 16));
    expect(results).toEqual([
      'Pong! UID: NO_UI',
      'Pong! UID: NO_UI',
      'Pong! UID: NO_UI',
      'That is too many',
      '',
      '',
      '',
      '',
    ]);
    expect(
      bed
        .reports()
        .map(({ result }) => result)
        .slice(3),
    ).toEqual(Array.from({ length: 5 }, () => 'refused'));
    expect((await bed.type('!ping', { user_id: '78', sender_id: '78' })).reply).toContain('Pong');
    expect(bed.replies()).toHaveLength(5);
    // A minute later.
    await bed.pool.query("update moderator_handled set handled_at = handled_at - interval '61 seconds'");
    expect((await bed.type('!ping')).reply).toContain('Pong');
  });
});

describe('the time zone of the station', () => {
  it('cuts the days and is that of times in answers', async () => {
    await bed.launch({ STATION_TIME_ZONE: 'Pacific/Kiritimati' });
    await eventually(async () => {
      const { rows } = await bed.pool.query("select station_day('2026-01-10T11:00:00Z')::text as day");
      expect(rows[0].day).toBe('2026-01-11');
    });
    await bed.addPost('beef0001-1111-4222-8333-444455556666', {
      source: 'ups',
      occurred_at: new Date('2026-01-10T11:00:00Z'),
    });
    expect((await bed.type('!who beef0001')).reply).toContain('Jan 11, 1:00 AM');
  });
});
