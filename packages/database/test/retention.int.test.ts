import { createDatabase as createTestDatabase, type TestDatabase } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import {
  createDatabase,
  type DatabaseHandle,
  type EventRow,
  insertEvents,
  migrateToLatest,
  monthStart,
  retainAudit,
} from '../src/index.ts';
import { migrations } from '../src/migrations/index.ts';
import { firstIdAt } from '../src/retention/months.ts';

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

/** As a relay makes it: a UUIDv7 of that moment. */
function idAt(time: Date): string {
  return `${firstIdAt(time).slice(0, 14)}7000-8000-000000000000`;
}

function post(at: string, eventId = idAt(new Date(at))): EventRow<'groupme_posts'> {
  return {
    event_id: eventId,
    occurred_at: new Date(at),
    wbor_message_id: eventId,
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
    sender: '+12075550123',
    sender_name: null,
    duration_ms: 80,
    error: null,
    payload: {},
  };
}

/** Of a producer that numbers its events by chance. */
const RANDOM_ID = 'ffffffff-0000-4000-8000-000000000000';

const store = (...rows: EventRow<'groupme_posts'>[]) => insertEvents(handle.db, 'groupme_posts', rows);
const query = async (text: string) => (await handle.pool.query(text)).rows;
const overall = () => query('select messages, first_at from stats_overall');

/** How many rows lie where. */
async function partsOf(table: string): Promise<Record<string, number>> {
  const rows = await query(
    `select tableoid::regclass::text as part, count(*)::int as count from ${table} group by 1`,
  );
  return Object.fromEntries(rows.map(({ count, part }) => [part, count]));
}

/** Keeps the audit from so many months before the one that `now` is in. */
function retain(now: string, months: number | undefined, more: { chatFrom?: Date; dryRun?: boolean } = {}) {
  const time = new Date(now);
  const auditFrom = months === undefined ? undefined : monthStart(time, -months);
  return retainAudit(handle.db, { now: time, auditFrom, chatFrom: undefined, dryRun: false, ...more });
}

it('a filled database of the version before keeps rows, story, counts and rights, and one row an event', async () => {
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0009'));
  await migrateToLatest({ connectionString: temporary.url, migrations: before });
  const role = `${temporary.name}_writer`;
  await query(`create role ${role}`);
  try {
    await query(`grant insert, select (event_id) on groupme_posts to ${role}`);
    const old = post('2026-10-31T23:59:59Z');
    await store(old, post('2026-11-01T00:00:01Z', RANDOM_ID));
    const [story, counted] = [await query('select * from message_story'), await overall()];

    expect(await migrateToLatest({ connectionString: temporary.url })).toEqual(
      Object.keys(migrations).filter((name) => name >= '0009'),
    );
    expect(await partsOf('groupme_posts')).toEqual({ groupme_posts_rest: 2 });
    expect(await query('select * from message_story')).toEqual(story);
    const rights = await query(
      `select has_table_privilege('${role}', 'groupme_posts', 'insert') as writes,
        has_column_privilege('${role}', 'groupme_posts', 'event_id', 'select') as sees,
        has_table_privilege('${role}', 'groupme_posts', 'select') as reads`,
    );
    expect(rights).toEqual([{ writes: true, sees: true, reads: false }]);
    expect(await store(old, post('2026-11-01T00:00:01Z', RANDOM_ID))).toBe(0);
    expect(await overall()).toEqual(counted);
    // The view and the trigger are those of the new table.
    await store(post('2026-11-02T00:00:00Z'));
    expect(await query('select * from message_story')).toHaveLength(story.length + 1);
    expect(await overall()).toMatchObject([{ messages: '3' }]);
  } finally {
    await query(`drop owned by ${role}`);
    await query(`drop role ${role}`);
  }
});

it('an event is one row on either side of the end of a month, whenever it is delivered again', async () => {
  await migrateToLatest({ connectionString: temporary.url });
  const result = await retain('2026-11-30T12:00:00Z', 2);
  expect(result.made).toContain('groupme_posts_2026_11');
  expect(result.made).toContain('groupme_images_2027_02');
  const events = [
    post('2026-11-30T23:59:59.999Z'),
    post('2026-12-01T00:00:00Z'),
    post('2026-12-01T00:00:01Z', RANDOM_ID),
    // Ahead of all partitions, and before them.
    post('2028-01-01T00:00:00Z'),
    post('2020-01-01T00:00:00Z'),
  ];
  expect(await store(...events)).toBe(5);
  expect(await partsOf('groupme_posts')).toEqual({
    groupme_posts_2026_11: 1,
    groupme_posts_2026_12: 1,
    groupme_posts_rest: 3,
  });
  // A later delivery may be given another time, never another id.
  expect(await store(...events.map((row) => ({ ...row, occurred_at: new Date('2027-03-03') })))).toBe(0);
  // The month ahead is in the rest by now, and stays there.
  expect((await retain('2027-11-01T00:00:00Z', 24)).made).not.toContain('groupme_posts_2028_01');
  expect(await overall()).toMatchObject([{ messages: '5' }]);
});

it('drops months that are over their time, deletes what lies elsewhere, and leaves the counts as they are', async () => {
  await migrateToLatest({ connectionString: temporary.url });
  await retain('2026-09-15T00:00:00Z', 1);
  const wrongClock = post('2026-11-20T00:00:00Z', idAt(new Date('2026-10-05T00:00:00Z')));
  await store(
    post('2026-09-20T00:00:00Z'),
    post('2026-10-20T00:00:00Z'),
    wrongClock,
    post('2026-09-10T00:00:00Z', RANDOM_ID),
    post('2026-11-20T00:00:00Z'),
  );
  await query(
    `insert into audit_rejected (event_id, received_at, routing_key, headers, body, error)
     values (gen_random_uuid(), '2026-09-01', 'x', '{}', '', ''), (gen_random_uuid(), '2026-11-01', 'x', '{}', '', '')`,
  );
  const counted = await overall();
  const all = await partsOf('groupme_posts');

  const preview = await retain('2026-11-30T12:00:00Z', 0, { dryRun: true });
  expect(await partsOf('groupme_posts')).toEqual(all);
  const result = await retain('2026-11-30T12:00:00Z', 0);
  expect(result.dropped).toEqual([
    'groupme_posts_2026_09',
    'groupme_images_2026_09',
    'groupme_images_2026_10',
  ]);
  // October holds an event of November, so it stays, without what is of October.
  expect(result.deleted).toEqual({ groupme_posts: 2, audit_rejected: 1, groupme_messages: 3 });
  expect(preview.dropped).toEqual(expect.arrayContaining([...result.dropped]));
  expect(await partsOf('groupme_posts')).toEqual({ groupme_posts_2026_10: 1, groupme_posts_2026_11: 1 });
  expect(await overall()).toEqual(counted);
  expect(await query('select * from groupme_messages')).toHaveLength(2);
  // What belongs to a dropped month and comes late finds a place, and is one row.
  const late = post('2026-09-21T00:00:00Z');
  expect([await store(late), await store(late)]).toEqual([1, 0]);
});

it('keeps everything but what members wrote long ago when nothing else is asked for', async () => {
  await migrateToLatest({ connectionString: temporary.url });
  await store(post('2001-01-01T00:00:00Z'));
  await query(
    `insert into groupme_callbacks (event_id, occurred_at, text, payload)
     values (gen_random_uuid(), '2026-08-01', 'old', '{}'), (gen_random_uuid(), '2026-11-01', 'new', '{}')`,
  );
  await query(
    `insert into audit_rejected (event_id, received_at, routing_key, headers, body, error)
     select gen_random_uuid(), '2026-08-01', key, '{}', '', '' from unnest(array['source.groupme.callback', 'x']) as key`,
  );
  const chatFrom = new Date('2026-09-01T12:00:00Z');
  expect(await retain('2026-11-30T12:00:00Z', undefined, { chatFrom })).toEqual({
    made: [],
    dropped: [],
    deleted: { groupme_callbacks: 1, audit_rejected: 1 },
  });
  expect(await query('select text from groupme_callbacks')).toEqual([{ text: 'new' }]);
});
