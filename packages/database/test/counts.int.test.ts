import { randomUUID } from 'node:crypto';
import { createDatabase as createTestDatabase, type TestDatabase } from '@wbor/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  createDatabase,
  type DatabaseHandle,
  type EventRow,
  insertEvents,
  migrateToLatest,
  seedPosts,
} from '../src/index.ts';
import { migrations } from '../src/migrations/index.ts';

let temporary: TestDatabase;
let handle: DatabaseHandle;
beforeEach(async () => {
  temporary = await createTestDatabase(inject('databaseUrl'));
  handle = createDatabase({ connectionString: temporary.url });
});
afterEach(async () => {
  await handle.close();
  await temporary.drop();
});

const ANN = '+12075551234';
const OWN_ANSWER = 'a115e700-1111-5222-8333-444455556666';

function post(id: string | null, values: Partial<EventRow<'groupme_posts'>> = {}): EventRow<'groupme_posts'> {
  return {
    event_id: randomUUID(),
    occurred_at: new Date('2026-01-10T12:00:00Z'),
    wbor_message_id: id,
    source: 'twilio',
    code: 202,
    bot: null,
    text: 'hello',
    picture_url: null,
    part: 1,
    parts: 1,
    attempt: 1,
    outcome: 'delivered',
    evidence: null,
    sender: ANN,
    sender_name: null,
    duration_ms: 80,
    error: null,
    payload: {},
    ...values,
  };
}

const read = async (table: string, order = '1') =>
  (await sql.raw<Record<string, unknown>>(`select * from ${table} order by ${order}`).execute(handle.db))
    .rows;

describe('counts', () => {
  beforeEach(() => migrateToLatest({ connectionString: temporary.url }));

  it('take a message once, whatever its parts, attempts and pictures', async () => {
    await handle.db
      .insertInto('moderator_outbox')
      .values({ message_id: OWN_ANSWER, routing_key: 'source.standard.command', body: '{}', mandatory: true })
      .execute();
    await insertEvents(handle.db, 'groupme_posts', [
      post('a', { outcome: 'refused', code: 429 }),
      post('a'),
      post('a', { part: 2 }),
      post('a', { text: '', picture_url: 'https://i.groupme.com/1', outcome: 'unknown', code: 0 }),
      post('a', { text: '', picture_url: 'https://i.groupme.com/1' }),
      post('b', { sender: null, source: 'ups', occurred_at: new Date('2026-01-11T04:30:00Z') }),
      post('c', { outcome: 'blocked', code: 0, occurred_at: new Date('2026-01-11T05:30:00Z') }),
      // An answer of the moderator, and what only says so.
      post(OWN_ANSWER, { source: 'command', sender: null, picture_url: 'https://i.groupme.com/2' }),
      post(OWN_ANSWER.toUpperCase(), { source: 'command', sender: null }),
      post('d', { source: 'command', sender: null }),
      post(null),
    ]);
    await insertEvents(handle.db, 'groupme_posts', [post('a', { part: 3 })]);
    expect(await read('stats_overall')).toMatchObject([{ messages: '5', images: '1', blocked: '1' }]);
    expect(await read('stats_by_source')).toMatchObject([
      { source: 'command', messages: '2', images: '0', blocked: '0' },
      { source: 'twilio', messages: '2', images: '1', blocked: '1' },
      { source: 'ups', messages: '1', images: '0', blocked: '0' },
    ]);
    expect(await read('stats_by_sender')).toEqual([
      {
        sender: ANN,
        messages: '2',
        images: '1',
        blocked: '1',
        first_at: new Date('2026-01-10T12:00:00Z'),
        last_at: new Date('2026-01-11T05:30:00Z'),
      },
    ]);
    // The station's midnight is at five o'clock UTC.
    const days = await sql<{ day: string; messages: string }>`
      select day::text, messages from stats_by_day order by day`.execute(handle.db);
    expect(days.rows).toEqual([
      { day: '2026-01-10', messages: '4' },
      { day: '2026-01-11', messages: '1' },
    ]);
  });

  it('never keep a post from being stored, however silly its source', async () => {
    const source = Array.from({ length: 500 }, () => randomUUID()).join('');
    const rows = [post('a', { source, picture_url: 'https://i.groupme.com/1' }), post('b', { source: null })];
    expect(await insertEvents(handle.db, 'groupme_posts', rows)).toBe(2);
    expect(await read('stats_by_source')).toMatchObject([
      { source: '', messages: '1' },
      { source: source.slice(0, 100), messages: '1', images: '1' },
    ]);
  });

  it('do not take an event that is stored again', async () => {
    const rows = [post('a'), post('b', { picture_url: 'https://i.groupme.com/1' })];
    expect(await insertEvents(handle.db, 'groupme_posts', rows)).toBe(2);
    expect(await insertEvents(handle.db, 'groupme_posts', [...rows, post('c')])).toBe(1);
    expect(await read('stats_overall')).toMatchObject([{ messages: '3', images: '1' }]);
  });

  it('are right when replicas store the same events at once', async () => {
    const rows = Array.from({ length: 400 }, (_, number) =>
      post(`m${number % 200}`, { sender: `+1207555${number % 7}`, source: `source-${number % 3}` }),
    ).toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));
    const batches = [rows, rows.slice(0, 250), rows.slice(100), rows.slice(50, 350)];
    const stored = await Promise.all(batches.map((batch) => insertEvents(handle.db, 'groupme_posts', batch)));
    expect(stored.reduce((sum, count) => sum + count, 0)).toBe(400);
    expect(await read('stats_overall')).toMatchObject([{ messages: '200' }]);
    const { rows: sums } = await sql<{ scope: string; messages: string }>`
      select scope, sum(messages) as messages from message_counts group by scope order by scope`.execute(
      handle.db,
    );
    expect(sums.map(({ messages }) => messages)).toEqual(['200', '200', '200']);
  });

  it('begin with what is there already', async () => {
    const older = await createTestDatabase(inject('databaseUrl'));
    const old = createDatabase({ connectionString: older.url });
    try {
      const before = Object.fromEntries(Object.entries(migrations).slice(0, 2));
      await migrateToLatest({ connectionString: older.url, migrations: before });
      const rows = [post('a'), post('a'), post('b')];
      await insertEvents(old.db, 'groupme_posts', rows);
      await migrateToLatest({ connectionString: older.url });
      await insertEvents(old.db, 'groupme_posts', [...rows, post('c')]);
      const { rows: totals } = await sql`select messages from stats_overall`.execute(old.db);
      expect(totals).toEqual([{ messages: '3' }]);
    } finally {
      await old.close();
      await older.drop();
    }
  });

  it('agree with the rows that the seed makes', async () => {
    await seedPosts(handle.db, 2_000);
    await seedPosts(handle.db, 2_000);
    expect(await read('stats_overall')).toMatchObject([{ messages: '2000', images: '160' }]);
    expect(await read('stats_by_source')).toHaveLength(4);
  });
});
