import { banListRequest, queueName, relayStandardQueue, standardMessage } from '@wbor/contracts';
import { createDatabase } from '@wbor/database';
import { connectAmqp } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { commandNames } from '../src/commands/index.ts';
import { type CommandCall, readCommand } from '../src/intake/read-command.ts';
import { runCommand } from '../src/intake/run-command.ts';
import { commandTools, createTestBed, eventually, GROUP_ID, type TestBed } from './test-bed.ts';

const ANN = '+12075550101';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
  await bed.addPost('0a1b2c3d-1', { sender: ANN });
});
afterEach(() => bed.dispose());

/** How often a moderator was handed a command that had been run before. */
function duplicates(moderator: Awaited<ReturnType<TestBed['launch']>>): number {
  return moderator.lines.filter(({ result }) => result === 'duplicate').length;
}

const held = {
  policy: { moderators: [], maxAgeMs: 300_000, maxPerMinute: 0 },
  tools: commandTools,
};

/** A command as the moderator reads it, for tests that run it without one. */
function read(text: string): CommandCall {
  const reading = readCommand(
    Buffer.from(JSON.stringify(bed.callback(text))),
    GROUP_ID,
    undefined,
    commandNames,
  );
  if (reading.kind !== 'command') throw new Error(reading.kind);
  return reading.call;
}

describe('once', () => {
  it('runs a command once, delivered ten times to a moderator and ten to the one that takes over', async () => {
    const first = await bed.launch();
    const second = await bed.launch();
    const typed = bed.callback('!ban 0a1b2c3d');
    await Promise.all(Array.from({ length: 10 }, () => bed.deliver(typed)));
    await eventually(() => expect(duplicates(first)).toBe(9));
    expect(second.logged('command')).toEqual([]);
    await first.stop();
    await Promise.all(Array.from({ length: 10 }, () => bed.deliver(typed)));
    await eventually(() => expect(duplicates(second)).toBe(10));
    // One more command: all that the copies might have published is before its report.
    await bed.type('!ping');
    expect(bed.reports().map(({ command }) => command)).toEqual(['ban', 'ping']);
    expect(bed.replies()).toHaveLength(2);
    expect(bed.published('source.groupme.ban')).toHaveLength(1);
    expect(await bed.count('bans')).toBe(1);
    expect(await bed.count('moderator_handled')).toBe(2);
    // One change, one version: that of the list that was published.
    const { rows } = await bed.pool.query('select version from ban_list_version');
    const versions = new Set(bed.lists().map(({ version }) => version));
    versions.delete(0);
    expect([...versions]).toEqual([Number(rows[0].version)]);
  });

  it('does not run a command again when it is edited or deleted, says so once, and runs what an edit has made a command', async () => {
    const moderator = await bed.launch();
    const typed = bed.callback('!ban 0a1b2c3d 1h');
    await bed.deliver(typed);
    await eventually(() => expect(bed.reports()).toHaveLength(1));
    await bed.deliver({ ...typed, deleted_at: 1 });
    await bed.deliver({ ...typed, likes: 1 });
    await eventually(() => expect(duplicates(moderator)).toBe(1));
    const edits = () => bed.replies().filter((reply) => reply.startsWith('I do not follow edits'));
    await bed.type('!ping');
    expect(edits()).toEqual([]);
    // Of a command that was carried out, and of a mistyped one.
    for (const text of ['!ban 0a1b2c3d 30d', '!ban 0a1b2c3d 3d']) await bed.deliver({ ...typed, text });
    await eventually(() => expect(edits()).toHaveLength(1));
    const mistyped = bed.callback('!bna 0a1b2c3d');
    await bed.deliver(mistyped);
    for (let count = 0; count < 2; count += 1) await bed.deliver({ ...mistyped, text: '!ban 0a1b2c3d' });
    await eventually(() => expect(edits()).toHaveLength(2));
    const talk = bed.callback('ping!');
    await bed.deliver(talk);
    await bed.deliver({ ...talk, text: '!ping', updated_at: 1 });
    await eventually(() =>
      expect(bed.reports().map(({ command }) => command)).toEqual(['ban', 'ping', 'bna', 'ping']),
    );
    expect(edits()).toHaveLength(2);
    expect(bed.published('source.groupme.ban')).toHaveLength(1);
  });

  it('tells the end of a ban that another one replaces, whether it was over or not', async () => {
    const handle = createDatabase({ connectionString: bed.databaseUrl });
    onTestFinished(() => handle.close());
    const ban = () => runCommand(handle.db, read('!ban 0a1b2c3d 1h'), held, new Date());
    await ban();
    await ban();
    // Over, and no moderator has come by yet to lift it.
    await bed.pool.query("update bans set until = now() - interval '1 second' where lifted_at is null");
    await ban();
    const { rows } = await bed.pool.query(
      "select body from moderator_outbox where routing_key = 'source.groupme.ban' order by id",
    );
    const events = rows.map(({ body }) => [body.action, body.caller_id]);
    expect(events).toEqual([
      ['ban', '77'],
      ['unban', '77'],
      ['ban', '77'],
      ['expired', undefined],
      ['ban', '77'],
    ]);
    const versions = rows.map(({ body }) => body.version);
    expect([versions[1], versions[3]]).toEqual([versions[2], versions[4]]);
    expect(versions[0] < versions[1] && versions[2] < versions[3]).toBe(true);
    const lifted = await bed.pool.query(
      'select lifted_by from bans where lifted_at is not null order by lifted_at',
    );
    expect(lifted.rows).toEqual([{ lifted_by: '77' }, { lifted_by: 'expired' }]);
    expect(await bed.count('bans', 'lifted_at is null')).toBe(1);
  });

  it('does not take a fault of a command for one of Postgres', async () => {
    const handle = createDatabase({ connectionString: bed.databaseUrl });
    onTestFinished(() => handle.close());
    const faults: unknown[] = [];
    // No callback makes such a call: a mistake in the code would.
    const call = { ...read('!stats'), argument: undefined as unknown as string };
    expect(await runCommand(handle.db, call, held, new Date(), (fault) => faults.push(fault))).toBe(
      'invalid',
    );
    expect(faults).toEqual([expect.any(TypeError)]);
    expect(await bed.count('moderator_handled')).toBe(1);
    const { rows } = await bed.pool.query(
      "select body ->> 'body' as reply from moderator_outbox where routing_key = 'source.standard.command'",
    );
    expect(rows).toEqual([{ reply: expect.stringContaining('nothing was done') }]);
  });

  it('runs a command once that ten moderators hold at the same moment', async () => {
    // As after a freeze: the broker has given it to another, and the first one goes on.
    const handle = createDatabase({ connectionString: bed.databaseUrl, maxConnections: 10 });
    onTestFinished(() => handle.close());
    const call = read('!ban 0a1b2c3d');
    const runs = await Promise.all(
      Array.from({ length: 10 }, () => runCommand(handle.db, call, held, new Date())),
    );
    expect(runs.toSorted()).toEqual(['done', ...Array.from({ length: 9 }, () => 'duplicate')].toSorted());
    expect(await bed.count('bans')).toBe(1);
    expect(await bed.count('moderator_outbox')).toBe(4);
  });

  it('runs a backlog in the order in which it was typed, whatever the number of moderators', async () => {
    const typed = Array.from({ length: 20 }, (_, index) =>
      bed.callback(index % 2 === 0 ? '!ban 0a1b2c3d' : '!unban 0a1b2c3d'),
    );
    for (const command of typed) await bed.deliver(command);
    await Promise.all([bed.launch(), bed.launch()]);
    await eventually(() => expect(bed.reports()).toHaveLength(typed.length));
    const { rows } = await bed.pool.query('select callback_id from moderator_handled order by handled_at');
    expect(rows.map(({ callback_id }) => callback_id)).toEqual(typed.map(({ id }) => id));
    expect(bed.reports().map(({ result }) => result)).toEqual(typed.map(() => 'done'));
    expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
  });
});

describe('who may', () => {
  it('ignores and logs what is forged, and keeps what is no callback', async () => {
    const moderator = await bed.launch();
    const forged = [
      { group_id: '999' },
      { sender_type: 'bot' },
      { sender_type: 'system', system: true },
      { system: true },
      { system: 'true' },
      { system: 1 },
      { sender_type: 'Bot' },
      { sender_id: null, user_id: '' },
    ];
    for (const changes of forged) await bed.deliver(bed.callback('!ban 0a1b2c3d', changes));
    await bed.deliver(bed.callback('just talk'));
    await bed.deliver({ text: '!ban 0a1b2c3d' });
    await bed.type('!ping');
    await eventually(() => expect(moderator.logged('ignored a command')).toHaveLength(forged.length));
    expect(bed.reports().map(({ command }) => command)).toEqual(['ping']);
    expect(await bed.count('bans')).toBe(0);
    const parked = await bed.broker.browse(`${bed.namespace.queuePrefix}moderator.parked`);
    expect((await parked.next())?.headers['x-parked-error']).toMatch(/^invalid callback: id/);
    expect(await parked.next()).toBeUndefined();
    await parked.close();
  });

  it('lets those on the list change things, and everybody ask', async () => {
    await bed.launch({ MODERATOR_USER_IDS: '42' });
    for (const text of ['!ban 0a1b2c3d', '!unban 0101', '!clear']) {
      expect(await bed.type(text)).toMatchObject({
        result: 'refused',
        reply: expect.stringContaining('list'),
      });
    }
    expect(await bed.count('bans')).toBe(0);
    expect(bed.published('dashboard.clear')).toEqual([]);
    expect((await bed.type('!who 0a1b2c3d')).result).toBe('done');
    expect((await bed.type('!ban 0a1b2c3d', { user_id: '42', sender_id: '42' })).result).toBe('done');
    expect(await bed.count('bans')).toBe(1);
  });

  it('answers a command from before an outage, and does not run it', async () => {
    await bed.launch();
    const seconds = Math.floor(Date.now() / 1000);
    expect(await bed.type('!ban 0a1b2c3d', { created_at: seconds - 301 })).toMatchObject({
      result: 'too-old',
      reply: expect.stringContaining('more than 5 minutes'),
    });
    expect(await bed.count('bans')).toBe(0);
    expect((await bed.type('!ban 0a1b2c3d', { created_at: seconds - 200 })).result).toBe('done');
  });
});

describe('the ban list', () => {
  it('is published to whoever asks', async () => {
    await bed.launch();
    await bed.type('!ban 0a1b2c3d');
    const bans = [{ sender: ANN, until: null }];
    await eventually(() => expect(bed.lists().at(-1)).toMatchObject({ bans }));
    const before = bed.lists();
    await bed.broker.publish(banListRequest, {}, { mandatory: false });
    await eventually(() => expect(bed.lists().length).toBeGreaterThan(before.length));
    expect(bed.lists().at(-1)).toEqual({ version: before.at(-1)?.version, bans });
  });

  it('lifts bans whose time is over once, and says so if asked to', async () => {
    await bed.launch({ ANNOUNCE_EXPIRED_BANS: 'true' });
    await bed.launch({ ANNOUNCE_EXPIRED_BANS: 'true' });
    // Short, and not made short in the table: a list that changes under its version is taken for a forged one.
    await bed.type('!ban 0a1b2c3d 2s');
    await eventually(() => expect(bed.replies()).toContain('The ban of …0101 has run out.'));
    await eventually(() => expect(bed.lists().at(-1)).toMatchObject({ bans: [] }));
    // Two changes, two versions, however many moderators publish them.
    const versions = new Set(bed.lists().map(({ version }) => version));
    versions.delete(0);
    expect(versions.size).toBe(2);
    const { rows } = await bed.pool.query('select lifted_by from bans');
    expect(rows).toEqual([{ lifted_by: 'expired' }]);
    await bed.type('!ping');
    const expired = bed
      .published('source.groupme.ban')
      .filter(({ json }) => (json as { action: string }).action === 'expired');
    expect(expired).toHaveLength(1);
    expect(bed.replies().filter((reply) => reply.includes('has run out'))).toHaveLength(1);
  });
});

describe('a crash', () => {
  it('publishes the reply once when it is killed between commit and publish', async () => {
    const quiet = await createTestBed('moderation.#');
    onTestFinished(() => quiet.dispose());
    await quiet.addPost('0a1b2c3d-1', { sender: ANN });
    const first = await quiet.spawn();
    const connection = await connectAmqp(inject('brokerUrl'));
    quiet.onDispose(() => connection.close());
    const channel = await connection.createChannel();
    const queue = queueName(relayStandardQueue, quiet.namespace);
    // Without a taker the reply is committed and cannot be published.
    await channel.deleteQueue(queue);
    const typed = quiet.callback('!ban 0a1b2c3d');
    await quiet.deliver(typed);
    await first.waitForLog((line) => line.reason === 'RETURNED', 30_000);
    await first.kill();
    expect(await quiet.count('bans', 'lifted_at is null')).toBe(1);
    const waiting = "routing_key = 'source.standard.command' and published_at is null";
    expect(await quiet.count('moderator_outbox', waiting)).toBe(1);

    const second = await quiet.spawn();
    await quiet.deliver(typed);
    await second.waitForLog((line) => line.result === 'duplicate', 30_000);
    await eventually(async () =>
      expect(await quiet.count('moderator_outbox', 'published_at is null')).toBe(0),
    );
    // The queue was declared anew by the second one: up to the mark it holds all that was published to it.
    await quiet.broker.publish(standardMessage, { body: 'the mark' }, { key: 'source.standard.mark' });
    const bodies: string[] = [];
    await channel.consume(queue, (got) => bodies.push(JSON.parse(String(got?.content)).body), {
      noAck: true,
    });
    await eventually(() => expect(bodies).toContain('the mark'));
    expect(bodies).toEqual([expect.stringMatching(/^Banned …0101/), 'the mark']);
    expect(await quiet.count('bans')).toBe(1);
    expect(await second.stop()).toMatchObject({ exitCode: 0 });
  });
});
