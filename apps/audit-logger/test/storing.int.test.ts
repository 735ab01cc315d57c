import { randomUUID } from 'node:crypto';
import { callbackEvent, echoEvent, imageEvent, postEvent, undisplayedEvent } from '@wbor/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintBot } from '../src/intake/bot-id.ts';
import {
  BOT_ID,
  countQueued,
  createTestBed,
  eventually,
  postBody,
  publishPosts,
  type TestBed,
} from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
});
afterEach(() => bed.dispose());

const callback = {
  id: '174800000012345678',
  group_id: '1',
  user_id: '7',
  sender_id: '7',
  sender_type: 'user',
  name: 'Ann',
  text: '!ping',
  created_at: Math.floor(Date.now() / 1000),
  source_guid: 'guid-1',
  attachments: [],
  bot_id: BOT_ID,
  source: 'groupme.callback' as const,
  code: 200 as const,
  type: 'log' as const,
  wbor_message_id: 'guid-1',
};

const undisplayed = {
  type: 'undisplayed' as const,
  source: 'ups',
  bot_id: BOT_ID,
  wbor_message_id: 'm',
  part: 1,
  text: 'post 1',
  sent_at: new Date(Date.now() - 120_000).toISOString(),
  waited_ms: 120_000,
};

describe('the audit logger', () => {
  it('stores each kind of event as a row, without the bot id', async () => {
    const service = bed.launch();
    const image = {
      bot_id: BOT_ID,
      source: 'ups',
      code: 200,
      type: 'img',
      text: '',
      wbor_message_id: 'm',
    } as const;
    await bed.broker.publish(postEvent, postBody(1, { producer_field: [1], evidence: 'echo' }));
    await bed.broker.publish(imageEvent, { ...image, bytes: 9 });
    await bed.broker.publish(callbackEvent, callback);
    await bed.broker.publish(echoEvent, { ...callback, sender_type: 'bot' });
    await bed.broker.publish(undisplayedEvent, undisplayed);
    await bed.publishBytes(postEvent.key, Buffer.from(`{"bot_id":"${BOT_ID}"`));

    const tables = [
      'groupme_posts',
      'groupme_images',
      'groupme_callbacks',
      'groupme_echoes',
      'groupme_undisplayed',
      'audit_rejected',
    ];
    for (const table of tables) await bed.waitForRows(table, 1);
    const { rows: posts } = await bed.pool.query('select * from groupme_posts');
    expect(posts).toEqual([
      expect.objectContaining({
        text: 'post 1',
        code: 202,
        bot: fingerprintBot(BOT_ID),
        outcome: 'delivered',
        evidence: 'echo',
        payload: { producer_field: [1] },
      }),
    ]);
    const { rows: missing } = await bed.pool.query('select * from groupme_undisplayed');
    expect(missing).toEqual([
      expect.objectContaining({
        wbor_message_id: 'm',
        part: 1,
        text: 'post 1',
        sent_at: new Date(undisplayed.sent_at),
        occurred_at: new Date(Date.parse(undisplayed.sent_at) + 120_000),
        waited_ms: 120_000,
      }),
    ]);
    for (const table of tables) {
      const { rows } = await bed.pool.query(`select to_jsonb(t)::text as row from ${table} t`);
      expect(rows[0].row).not.toContain(BOT_ID);
      expect(rows[0].row).not.toContain(Buffer.from(BOT_ID).toString('hex'));
    }
    expect(JSON.stringify(service.lines)).not.toContain(BOT_ID);
    await service.stop();
    expect(await countQueued(bed)).toBe(0);
  });

  it('stores a message once that is delivered three times', async () => {
    const service = bed.launch();
    const messageId = randomUUID();
    for (let time = 0; time < 3; time += 1) {
      await bed.broker.publish(postEvent, postBody(1), { messageId });
      // One flush each: the same id twice in one batch is another case.
      await eventually(async () => expect(await service.metric('audit_batch_size')).toBeGreaterThan(0));
    }
    await eventually(async () => expect(await service.metric('audit_duplicates_total')).toBe(2));
    expect(await bed.count('groupme_posts')).toBe(1);
  });

  it('stores every event once when two replicas start at once on an empty database', async () => {
    await publishPosts(bed.broker, 0, 300);
    const replicas = [bed.launch(), bed.launch()];
    await Promise.all(replicas.map((replica) => replica.started));
    await publishPosts(bed.broker, 300, 1000);
    await bed.waitForRows('groupme_posts', 1000);
    const { rows } = await bed.pool.query(
      'select count(distinct wbor_message_id)::int as ids from groupme_posts',
    );
    expect(rows[0].ids).toBe(1000);
    const stored = await Promise.all(replicas.map((replica) => replica.metric('audit_rows_total')));
    expect(stored.reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it('stores a thousand good events and puts each bad one among them into audit_rejected', async () => {
    // A constraint of the database makes rows bad that parse well: the case that only Postgres finds.
    const first = bed.launch();
    await first.started;
    await bed.pool.query(`alter table groupme_posts add check (text <> 'poison')`);
    await first.stop();

    const broken = [
      '{"bot_id": "x"',
      '[1,2]',
      '{"wbor_message_id":"x","text":"caf\xe9"}',
      '\xff\xfe\x00',
    ].map((body) => Buffer.from(body, 'latin1'));
    const poison = [10, 400, 401, 999].map((number) => postBody(number, { text: 'poison' }));
    await publishPosts(bed.broker, 0, 500);
    await bed.publishBytes(postEvent.key, ...broken);
    for (const body of poison) await bed.broker.publish(postEvent, body);
    await bed.publishBytes('source.groupme.surprise', Buffer.from('{"hello":1}'));
    await publishPosts(bed.broker, 500, 1000);

    const service = bed.launch();
    await bed.waitForRows('groupme_posts', 1000);
    await bed.waitForRows('audit_rejected', 9);
    expect(await bed.count('groupme_posts')).toBe(1000);
    const { rows } = await bed.pool.query<{ body: Buffer; error: string; routing_key: string }>(
      'select body, error, routing_key from audit_rejected',
    );
    expect(rows).toHaveLength(9);
    const bodies = rows.map((row) => row.body.toString('latin1'));
    for (const bytes of broken.slice(1)) expect(bodies).toContain(bytes.toString('latin1'));
    const refused = rows.filter((row) => row.error.includes('23514'));
    expect(refused.map((row) => JSON.parse(row.body.toString()).wbor_message_id).toSorted()).toEqual([
      'message-10',
      'message-400',
      'message-401',
      'message-999',
    ]);
    expect(rows.filter((row) => row.routing_key === 'source.groupme.surprise')).toHaveLength(1);

    const warnings = service.logged('stored in audit_rejected');
    expect(warnings).toHaveLength(9);
    expect(JSON.stringify(warnings)).not.toContain('poison');
  });

  it('stores an edit of a message as a row of its own, and a copy of it once', async () => {
    const service = bed.launch();
    const edit = { ...callback, text: '!pong', updated_at: callback.created_at + 60 };
    const [first, second] = [randomUUID(), randomUUID()];
    await bed.broker.publish(callbackEvent, callback, { messageId: first });
    await bed.broker.publish(callbackEvent, edit, { messageId: second });
    await bed.broker.publish(callbackEvent, edit, { messageId: second });
    await bed.broker.publish(callbackEvent, callback, { messageId: first });
    await eventually(async () => expect(await service.metric('audit_duplicates_total')).toBe(2));
    const { rows } = await bed.pool.query('select groupme_id, text from groupme_callbacks order by text');
    expect(rows).toEqual([
      { groupme_id: callback.id, text: '!ping' },
      { groupme_id: callback.id, text: '!pong' },
    ]);
  });

  it('stores what no JSON of Postgres can hold, and callbacks of the future, as rows that can be worked on', async () => {
    bed.launch();
    const startedAtMs = Date.now() - 1_000;
    const odd = (id: number, json: string) => Buffer.from(`{"id":${id},"wbor_message_id":"odd",${json}}`);
    await bed.publishBytes(
      callbackEvent.key,
      odd(1, '"created_at":4102444800'),
      odd(2, '"created_at":1e400000,"x":1e400000,"y":-1e-400000'),
      odd(3, `"created_at":"never","x":${'['.repeat(190)}${']'.repeat(190)}`),
      odd(4, `"n":${'9'.repeat(100_000)},"name":"${'n'.repeat(500_000)}"`),
      odd(5, '"__proto__":{"a":"\\u0000"},"constructor":"\\ud800"'),
      odd(6, `"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    );
    await bed.waitForRows('groupme_callbacks', 5);
    await bed.waitForRows('audit_rejected', 1);
    const { rows } = await bed.pool.query(
      'select groupme_id, occurred_at, octet_length(t::text) as size from groupme_callbacks t',
    );
    for (const row of rows) {
      expect(row.occurred_at.getTime(), row.groupme_id).toBeGreaterThan(startedAtMs);
      expect(row.occurred_at.getTime(), row.groupme_id).toBeLessThan(Date.now() + 60_000);
      expect(row.size, row.groupme_id).toBeLessThan(400_000);
    }
    const { rows: days } = await bed.pool.query(
      `select count(*)::int as n from message_story where wbor_message_id = 'odd'`,
    );
    expect(days).toEqual([{ n: 5 }]);
  });

  it('stores text with NUL and half a surrogate pair', async () => {
    bed.launch();
    await bed.publishBytes(
      postEvent.key,
      Buffer.from(
        '{"wbor_message_id":"nul","text":"a\\u0000b","sender_name":"\\ud83d","extra":{"k\\u0000":"\\u0000"}}',
      ),
    );
    await bed.waitForRows('groupme_posts', 1);
    const { rows } = await bed.pool.query('select text, sender_name, payload from groupme_posts');
    expect(rows).toEqual([
      { text: 'a\uFFFDb', sender_name: '\uFFFD', payload: { extra: { 'k\uFFFD': '\uFFFD' } } },
    ]);
  });

  it('stores what is in hand when it is stopped', async () => {
    const service = bed.launch();
    await service.started;
    await publishPosts(bed.broker, 0, 40);
    await eventually(async () => expect(await countQueued(bed)).toBe(0));
    await service.stop();
    expect(await bed.count('groupme_posts')).toBe(40);
  });
});
