import { randomUUID } from 'node:crypto';
import { createDatabase as createTestDatabase, type TestDatabase } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import {
  createDatabase,
  type DatabaseHandle,
  type EventRow,
  insertEvents,
  migrateToLatest,
} from '../src/index.ts';

let temporary: TestDatabase;
let database: DatabaseHandle;
beforeEach(async () => {
  temporary = await createTestDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: temporary.url });
  database = createDatabase({ connectionString: temporary.url });
});
afterEach(async () => {
  await database.close();
  await temporary.drop();
});

const NOON = Date.UTC(2025, 0, 1, 12);

function event(id: string, atSeconds: number) {
  return {
    event_id: randomUUID(),
    occurred_at: new Date(NOON + atSeconds * 1000),
    wbor_message_id: id,
    source: 'ups',
    code: 202,
    bot: 'aabbccdd',
    payload: {},
  };
}

function post(
  id: string,
  atSeconds: number,
  values: Partial<EventRow<'groupme_posts'>>,
): EventRow<'groupme_posts'> {
  return {
    ...event(id, atSeconds),
    text: null,
    picture_url: null,
    part: 1,
    parts: 1,
    attempt: 1,
    outcome: 'delivered',
    evidence: null,
    sender: null,
    sender_name: null,
    duration_ms: 80,
    error: null,
    ...values,
  };
}

function echo(
  atSeconds: number,
  text: string | null,
  pictureUrl: string | null = null,
): EventRow<'groupme_echoes'> {
  return {
    ...event(`guid-${randomUUID()}`, atSeconds),
    groupme_id: '170000000000000001',
    group_id: '1',
    sender: '9',
    sender_name: 'WBOR',
    sender_type: 'bot',
    text,
    picture_url: pictureUrl,
  };
}

function undisplayed(id: string, atSeconds: number, text: string): EventRow<'groupme_undisplayed'> {
  return {
    ...event(id, atSeconds),
    code: null,
    text,
    picture_url: null,
    part: 1,
    parts: 2,
    sent_at: new Date(NOON + atSeconds * 1000 - 120_000),
    waited_ms: 120_000,
  };
}

function image(id: string, atSeconds: number): EventRow<'groupme_images'> {
  return {
    ...event(id, atSeconds),
    image_url: 'https://example.org/a.png',
    picture_url: 'https://i.groupme.com/a',
    content_type: 'image/png',
    bytes: 1234,
    sha256: 'ab',
    attempt: 1,
    outcome: 'delivered',
    sender: null,
    duration_ms: 200,
    error: null,
  };
}

async function tellStory(idPrefix: string) {
  const rows = await database.db
    .selectFrom('message_story')
    .selectAll()
    .where('wbor_message_id', 'like', `${idPrefix}%`)
    .execute();
  return rows.map((row) => [row.kind, row.part, row.attempt, row.outcome, row.text ?? row.picture_url]);
}

it('tells a message in order: its picture, its parts with every attempt, and their echoes', async () => {
  const id = '0a1b2c3d-1111-4222-8333-444455556666';
  await insertEvents(database.db, 'groupme_images', [image(id, 0)]);
  await insertEvents(database.db, 'groupme_posts', [
    post(id, 4.5, { part: 3, parts: 3, text: '', picture_url: 'https://i.groupme.com/a' }),
    post(id, 3.5, { part: 2, parts: 3, attempt: 2, text: 'two' }),
    post(id, 1.5, { part: 1, parts: 3, text: 'one' }),
    post(id, 2.5, { part: 2, parts: 3, attempt: 1, text: 'two', outcome: 'refused', code: 429 }),
  ]);
  // GroupMe's times are whole seconds, hence before those of the posts.
  await insertEvents(database.db, 'groupme_echoes', [
    echo(4, null, 'https://i.groupme.com/a'),
    echo(1, 'one'),
    echo(3, 'two'),
  ]);

  expect(await tellStory('0a1b2c3d')).toEqual([
    ['image', null, 1, 'delivered', 'https://i.groupme.com/a'],
    ['post', 1, 1, 'delivered', 'one'],
    ['echo', 1, 1, null, 'one'],
    ['post', 2, 1, 'refused', 'two'],
    ['post', 2, 2, 'delivered', 'two'],
    ['echo', 2, 2, null, 'two'],
    ['post', 3, 1, 'delivered', ''],
    ['echo', 3, 1, null, 'https://i.groupme.com/a'],
  ]);
});

it('tells what settled a doubt, and that a part was missing in the chat, before the echo that came late', async () => {
  await insertEvents(database.db, 'groupme_posts', [
    post('late', 0, { part: 1, parts: 2, text: 'one', evidence: 'read-back' }),
    post('late', 1, { part: 2, parts: 2, text: 'two' }),
  ]);
  await insertEvents(database.db, 'groupme_undisplayed', [undisplayed('late', 121, 'one')]);
  await insertEvents(database.db, 'groupme_echoes', [echo(2, 'two'), echo(300, 'one')]);
  expect(await tellStory('late')).toEqual([
    ['post', 1, 1, 'delivered', 'one'],
    ['post', 2, 1, 'delivered', 'two'],
    ['echo', 2, 1, null, 'two'],
    ['undisplayed', 1, null, null, 'one'],
    ['echo', 1, 1, null, 'one'],
  ]);
  const rows = await database.db.selectFrom('message_story').select(['kind', 'detail']).execute();
  expect(rows.filter((row) => row.kind === 'post').map((row) => row.detail.evidence)).toEqual([
    'read-back',
    undefined,
  ]);
  expect(rows.find((row) => row.kind === 'undisplayed')?.detail).toEqual({
    source: 'ups',
    parts: 2,
    sent_at: expect.stringContaining('2025-01-01T12:00:01'),
    waited_ms: 120_000,
  });
});

it('leaves out an echo that two messages could claim, or that came at another time', async () => {
  await insertEvents(database.db, 'groupme_posts', [
    post('first', 0, { text: 'same words' }),
    post('second', 60, { text: 'same words' }),
    post('third', 0, { text: 'other words' }),
  ]);
  await insertEvents(database.db, 'groupme_echoes', [echo(61, 'same words'), echo(3600, 'other words')]);
  expect(await tellStory('first')).toHaveLength(1);
  expect(await tellStory('second')).toHaveLength(1);
  expect(await tellStory('third')).toHaveLength(1);
});

it('shows an echo once when both attempts of an unknown outcome could have caused it', async () => {
  await insertEvents(database.db, 'groupme_posts', [
    post('twice', 0, { text: 'x', outcome: 'unknown', code: 500 }),
    post('twice', 20, { text: 'x', attempt: 2 }),
  ]);
  await insertEvents(database.db, 'groupme_echoes', [echo(20, 'x')]);
  expect(await tellStory('twice')).toEqual([
    ['post', 1, 1, 'unknown', 'x'],
    ['post', 1, 2, 'delivered', 'x'],
    ['echo', 1, 2, null, 'x'],
  ]);
});

it('finds a message by the first characters of its id through an index', async () => {
  const client = await database.pool.connect();
  try {
    // A table this small is read whole unless that is forbidden.
    await client.query('set enable_seqscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      "explain select * from message_story where wbor_message_id like '0a1b2c3d%'",
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    for (const table of ['groupme_posts', 'groupme_images', 'groupme_callbacks', 'groupme_undisplayed']) {
      expect(plan).toMatch(new RegExp(`(Index|Bitmap) .*${table}_wbor_message_id`));
    }
  } finally {
    client.release(true);
  }
});
