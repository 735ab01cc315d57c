import { auditParkedQueue, callbackEvent, postEvent, queueName } from '@wbor/contracts';
import { waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countQueued, createTestBed, eventually, postBody, publishPosts, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
  const first = bed.launch();
  await first.started;
  await first.stop();
});
afterEach(() => bed.dispose());

/** The logger on a Postgres that gives up statements soon. */
function launch() {
  return bed.launch({ databaseUrl: `${bed.databaseUrl}?statement_timeout=1000` });
}

/** Makes Postgres do this whenever a row with the text `poison` is inserted. */
async function poison(table: string, deed: string, condition = `new.text = 'poison'`): Promise<void> {
  await bed.pool.query(`
    create function ${table}_poison() returns trigger language plpgsql
      as $$ begin if ${condition} then ${deed}; end if; return new; end $$;
    create trigger poison before insert on ${table} for each row execute function ${table}_poison()`);
}

async function parked(): Promise<string[]> {
  const browser = await bed.broker.browse(queueName(auditParkedQueue, bed.namespace));
  const bodies: string[] = [];
  for (let message = await browser.next(); message; message = await browser.next())
    bodies.push(message.content.toString());
  await browser.close();
  return bodies;
}

describe('an event that Postgres cannot store', () => {
  it.each([
    ['makes a statement time out', 'perform pg_sleep(60)', '57014'],
    ['makes a trigger fail', `raise exception 'poison'`, 'P0001'],
    ['ends the session', 'perform pg_terminate_backend(pg_backend_pid())', '57P01'],
  ])('and that %s is put aside; the others go on', async (_how, deed, sqlState) => {
    await poison('groupme_posts', deed);
    await publishPosts(bed.broker, 0, 20);
    await bed.broker.publish(postEvent, postBody(20, { text: 'poison' }));
    await publishPosts(bed.broker, 21, 40);
    const service = launch();
    await bed.waitForRows('groupme_posts', 39);
    await bed.waitForRows('audit_rejected', 1);
    const { rows } = await bed.pool.query('select body, error from audit_rejected');
    expect(rows).toMatchObject([{ error: expect.stringContaining(sqlState) }]);
    expect(JSON.parse(rows[0].body)).toMatchObject({ wbor_message_id: 'message-20' });

    await publishPosts(bed.broker, 40, 45);
    await bed.waitForRows('groupme_posts', 44);
    expect(service.faults()).toEqual([]);
    expect(JSON.stringify(service.lines)).not.toContain('poison');
    await service.stop();
    expect(await countQueued(bed)).toBe(0);
    expect(await bed.count('audit_rejected')).toBe(1);
  });

  it('is parked, when audit_rejected cannot take it either', async () => {
    await poison('groupme_posts', 'perform pg_sleep(60)');
    await poison('audit_rejected', 'perform pg_sleep(60)', `new.body <> ''`);
    const service = launch();
    await bed.broker.publish(postEvent, postBody(1, { text: 'poison' }));
    await bed.publishBytes(postEvent.key, Buffer.from('[]'));
    await publishPosts(bed.broker, 2, 5);
    await bed.waitForRows('groupme_posts', 3);
    await eventually(async () => expect(await parked()).toHaveLength(2));
    expect((await parked()).toSorted()[1]).toContain('"message-1"');
    expect(service.logged('parked an event that Postgres cannot store')).toHaveLength(2);
    expect(await service.metric('audit_parked_total')).toBe(2);
    await service.stop();
    expect(await countQueued(bed)).toBe(0);
  });
});

describe('an outage that looks like an event', () => {
  it.each([
    ['a table that is locked', 'lock table groupme_posts in access exclusive mode'],
    ['the count of the day that is locked', 'select from message_counts for update'],
  ])('is waited out and puts nothing aside: %s', async (_what, lock) => {
    await publishPosts(bed.broker, 0, 1);
    const service = launch();
    await bed.waitForRows('groupme_posts', 1);
    const other = await bed.pool.connect();
    bed.onDispose(() => other.release(true));
    await other.query('begin');
    await other.query(lock);
    await publishPosts(bed.broker, 1, 10);
    await bed.broker.publish(callbackEvent, {
      id: '1',
      source: 'groupme.callback',
      code: 200,
      type: 'log',
      wbor_message_id: 'guid-1',
    });
    await waitFor(async () => (await service.metric('audit_flush_failures_total')) >= 2, {
      what: 'two failures',
      timeoutMs: 60_000,
    });
    expect(service.faults()).toEqual([expect.stringContaining('Postgres does not take events')]);
    await other.query('rollback');
    await bed.waitForRows('groupme_posts', 10);
    await bed.waitForRows('groupme_callbacks', 1);
    expect(await bed.count('audit_rejected')).toBe(0);
    expect(await parked()).toEqual([]);
    expect(service.faults()).toEqual([]);
  });
});
