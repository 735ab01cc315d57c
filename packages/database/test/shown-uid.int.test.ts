import { shownUid } from '@wbor/contracts';
import { createDatabase as createTestDatabase, type TestDatabase } from '@wbor/testkit';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  createDatabase,
  type DatabaseHandle,
  migrateToLatest,
  seedPosts,
  storableText,
} from '../src/index.ts';

let temporary: TestDatabase;
let database: DatabaseHandle;
beforeEach(async () => {
  temporary = await createTestDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: temporary.url });
  database = createDatabase({ connectionString: temporary.url, maxConnections: 1 });
});
afterEach(async () => {
  await database.close();
  await temporary.drop();
});

describe('the UID that the chat shows', () => {
  it('is the same in SQL and in TypeScript, whatever the id', async () => {
    const letters = fc.constantFrom(...'a0-Zé\n ٣🎶_'.split(''), 'abcd');
    const ids = [
      ...fc.sample(fc.uuid(), 100),
      ...fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), 300),
      ...fc.sample(
        fc.array(letters, { maxLength: 14 }).map((all) => all.join('')),
        600,
      ),
      '0A1B2C3D-1111-4222-8333-444455556666',
      '0a1b2c3d-1111-4222-8333-444455556666\n',
      ' 0a1b2c3d-1111-4222-8333-444455556666',
      'abc',
      'abcd',
      'abcdefghijkl',
      'abcdefghijklm',
      'evt1\n',
      'straße',
      '',
    ].map(storableText);
    const { rows } = await sql<{ id: string; uid: string }>`
      select id, shown_uid(id) as uid from unnest(${ids}::text[]) as id`.execute(database.db);
    expect(rows.map(({ uid }) => uid)).toEqual(rows.map(({ id }) => shownUid(id)));
    expect(rows).toHaveLength(ids.length);
  });

  it('finds a message, and its story, through an index', async () => {
    await seedPosts(database.db, 3_000);
    await sql`analyze`.execute(database.db);
    const { rows: plans } = await sql<{ 'QUERY PLAN': string }>`
      explain select * from groupme_messages
      where lower(shown_uid(wbor_message_id)) collate "C" >= 'abcd1234'
        and lower(shown_uid(wbor_message_id)) collate "C" < 'abcd12345' and sender is not null
      order by lower(shown_uid(wbor_message_id)) collate "C", wbor_message_id limit 6`.execute(database.db);
    expect(JSON.stringify(plans)).toMatch(/Index Scan using groupme_messages_shown_uid/);
    expect(JSON.stringify(plans)).not.toContain('Sort');
    // A table this small is read whole unless that is forbidden.
    await sql`set enable_seqscan = off`.execute(database.db);
    const story = await sql<{ 'QUERY PLAN': string }>`
      explain select * from message_story where uid = 'abcd1234'`.execute(database.db);
    const plan = story.rows.map((row) => row['QUERY PLAN']).join('\n');
    for (const table of ['groupme_posts', 'groupme_images', 'groupme_callbacks', 'groupme_undisplayed']) {
      expect(plan).toMatch(new RegExp(`(Index|Bitmap) .*${table}_shown_uid`));
    }
  });

  it('tells the story of a message whose id is no UUID', async () => {
    await sql`insert into groupme_posts (event_id, occurred_at, wbor_message_id, text, outcome, payload)
      select gen_random_uuid(), now(), id, 'words of ' || id, 'delivered', '{}'
      from unnest(array['apc-1795606826', 'apc-1795606827']) as id`.execute(database.db);
    const { rows } = await sql<{ text: string }>`
      select text from message_story where uid = ${shownUid('apc-1795606827')}`.execute(database.db);
    expect(rows).toEqual([{ text: 'words of apc-1795606827' }]);
  });
});
