import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { auditQueues, deriveTopology, moderatorQueues, relayQueues, standardMessage } from '@wbor/contracts';
import type { BrokerUserName } from '@wbor/rights';
import { PASSWORD } from '@wbor/start-system';
import { repoRoot, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RightsBed, startRightsBed } from './bed.ts';

let bed: RightsBed;
beforeAll(async () => {
  bed = await startRightsBed(inject('databaseUrl'));
}, 120_000);
afterAll(() => bed?.stop());

const APPS = ['relay', 'gateway', 'audit-logger', 'moderator', 'console'] as const;

/** A name of the deployment: of a queue, or `''` and `source` of the exchanges. */
const full = (name: string): string => `${bed.system.namespace.queuePrefix}${name}`;

function publish(user: BrokerUserName, exchange: string, key: string, body: unknown, options: object = {}) {
  const name = exchange === 'source' ? bed.system.namespace.exchange : exchange === '' ? '' : full(exchange);
  return bed.tryAs(user, (channel) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    channel.publish(name, key, bytes, { persistent: true, messageId: randomUUID(), ...options });
  });
}

const posts = (): string[] =>
  bed.system.simulator
    .messages()
    .filter(({ sender_type }) => sender_type === 'bot')
    .map(({ text }) => text ?? '');

const untilPosted = (text: string | RegExp) =>
  waitFor(() => posts().find((post) => new RegExp(text).test(post)), { what: `a post with ${text}` });

async function rows(table: string, where: string): Promise<number> {
  const { rows: found } = await bed.owner.query(`select count(*) from ${table} where ${where}`);
  return Number(found[0].count);
}

const untilStored = (table: string, where: string) =>
  waitFor(async () => (await rows(table, where)) > 0, { what: `a row in ${table} where ${where}` });

describe('with the least rights', () => {
  it('a message, a call with its answer, a command and its ban go all the way', async () => {
    expect(
      await publish('producer', 'source', 'source.standard.ups', { body: 'power lost', source: 'ups' }),
    ).toBe(undefined);
    const sms = {
      From: '+12075550123',
      Body: 'a song please',
      wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    };
    expect(await publish('sms-service', 'source', 'source.twilio.sms.incoming', sms)).toBe(undefined);
    await Promise.all([untilPosted('power lost'), untilPosted('a song please')]);

    // The relay's reply comes to a queue of the gateway's.
    const answer = await fetch(`${bed.system.gatewayUrl}/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=10' },
      body: JSON.stringify({ password: PASSWORD, source: 'script', body: 'by HTTP' }),
    });
    expect(answer.status).toBe(200);

    await untilStored('groupme_messages', "wbor_message_id = '0a1b2c3d-1111-4222-8333-444455556666'");
    await bed.system.simulator.postAsMember({ name: 'Manager', text: '!ban 0a1b2c3d for 2 hours' });
    await untilPosted('[Bb]anned');
    expect(await rows('bans', "sender = '+12075550123'")).toBe(1);
    await untilStored('groupme_ban_changes', "sender = '+12075550123'");
    await bed.system.simulator.postAsMember({ name: 'Manager', text: '!stats' });
    await untilStored('groupme_commands', "command = 'stats' and result = 'done'");
  });

  it('what cannot be worked on is parked, by each service in its own queue', async () => {
    await publish('producer', 'source', 'source.standard.x', Buffer.from('no JSON'));
    // Too large for whoever consumes it.
    await publish('gateway', 'source', 'source.groupme.callback', Buffer.alloc(1_100_000, 'x'));
    for (const queue of ['relay.parked', 'audit-logger.parked', 'moderator.parked'])
      await waitFor(async () => (await bed.count(queue)) === 1, { what: `a message in ${queue}` });
  });

  it('the console follows what goes through, looks at what is parked, and replays it', async () => {
    const broker = await bed.connectAs('console');
    try {
      let heard = 0;
      const onMessage = () => {
        heard += 1;
      };
      for (const pattern of ['source.#', 'moderation.bans.state'])
        await broker.listen({ pattern, onMessage });
      for (const queue of ['relay.parked', 'moderator.parked', 'audit-logger.parked']) {
        const browser = await broker.browse(full(queue));
        expect(await browser.next(), queue).toBeDefined();
        await browser.close();
      }
      await broker.sendBytes(full('relay.standard'), Buffer.from('{"body":"replayed by the console"}'));
      await untilPosted('replayed by the console');
      await broker.publish(
        standardMessage,
        { body: 'a test', source: 'test' },
        { key: 'source.standard.test' },
      );
      await untilPosted('a test');
      expect(heard).toBeGreaterThan(0);
    } finally {
      await broker.close();
    }
  });

  it('the services lack no right that they use', () => {
    for (const app of APPS)
      expect(bed.system.service(app).output(), app).not.toMatch(/ACCESS[_-]REFUSED|permission denied/);
  });

  it("the operator's user and the owner of the tables are enough to forget a person", async () => {
    const file = join(repoRoot, 'packages/audit-cli/src/main.ts');
    const forget = () =>
      promisify(execFile)(process.execPath, [file, 'forget', '+12075550123', '--yes', '--even-if-waiting'], {
        env: { PATH: process.env.PATH, ...bed.operatorEnv },
      }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
    // The ban is in force, and keeps the number: exit code 3.
    expect(await forget()).toMatchObject({ stdout: expect.stringContaining('the ban keeps the number') });
    expect(await rows('groupme_messages', "sender = '+12075550123'")).toBe(0);
  });

  it('what was imported is what services declare elsewhere', async () => {
    const queues = [...relayQueues, ...auditQueues, ...moderatorQueues];
    for (const { arguments: declared, name } of deriveTopology(queues, bed.system.namespace).queues)
      expect(await bed.admin.assertQueue(name, { durable: true, arguments: declared })).toMatchObject({
        queue: name,
      });
  });
});

const FORGED_BANS = { version: Date.now() + 1_000, bans: [] };
const FORGED_CALLBACK = {
  id: '9',
  group_id: '1',
  sender_type: 'user',
  text: '!ban 0a1b2c3d',
  name: 'x',
  user_id: '1',
};

describe('the broker refuses', () => {
  it.each<[BrokerUserName, string, string, string]>([
    ['producer', 'a ban list', 'source', 'moderation.bans'],
    ['producer', 'the state of a ban list', 'source', 'moderation.bans.state'],
    ['producer', 'a callback', 'source', 'source.groupme.callback'],
    ['producer', 'an echo', 'source', 'source.groupme.echo'],
    ['producer', 'an audit event', 'source', 'source.groupme.msg'],
    ['producer', "the moderator's answer", 'source', 'source.standard.command'],
    ['producer', "an SMS of the SMS service's", 'source', 'source.twilio.ban'],
    ['producer', 'an outbox message', '', 'relay.outbox'],
    ['producer', 'a parked message', 'moderator', 'moderator.parked'],
    ['sms-service', 'a ban list', 'source', 'moderation.bans'],
    ['sms-service', 'an outbox message', '', 'relay.outbox'],
    ['gateway', 'a ban list', 'source', 'moderation.bans'],
    ['gateway', 'an outbox message', '', 'relay.outbox'],
    ['gateway', 'an audit event', 'source', 'source.groupme.msg'],
    ['audit-logger', 'a message to the chat', 'source', 'source.standard'],
    ['audit-logger', 'a message to the chat past the exchange', '', 'relay.standard'],
    ['audit-logger', 'an outbox message', '', 'relay.outbox'],
    ['audit-logger', "another service's parked message", 'moderator', 'moderator.parked'],
    ['moderator', 'an audit event of the relay', 'source', 'source.groupme.msg'],
    ['moderator', 'a callback', 'source', 'source.groupme.callback'],
    ['moderator', 'an outbox message', '', 'relay.outbox'],
    ['relay', 'a ban list', 'source', 'moderation.bans'],
    ['relay', 'a callback', 'source', 'source.groupme.callback'],
    ['studio-dashboard', 'a message to the chat', 'source', 'source.standard'],
    ['operator', 'a ban list', 'source', 'moderation.bans'],
    ['console', 'a ban list', 'source', 'moderation.bans'],
    ['console', "the moderator's answer", 'source', 'source.standard.command'],
    ['console', 'an echo', 'source', 'source.groupme.echo'],
    ['producer', 'a ban as the console asks for it', 'source', 'moderation.console'],
  ])('%s: %s', async (user, _what, exchange, key) => {
    const name = exchange === '' || exchange === 'moderator' ? full(key) : key;
    expect(await publish(user, exchange, name, {})).toMatch(/ACCESS[_-]REFUSED/);
  });

  it.each<[BrokerUserName, string]>([
    ['producer', 'relay.twilio'],
    ['gateway', 'relay.outbox'],
    ['audit-logger', 'moderator.callbacks'],
    ['moderator', 'audit-logger.events'],
    ['operator', 'relay.outbox'],
    ['console', 'relay.outbox'],
  ])('%s: reading, emptying and deleting %s', async (user, queue) => {
    expect(await bed.tryAs(user, (channel) => channel.get(full(queue)))).toMatch(/ACCESS[_-]REFUSED/);
    expect(await bed.tryAs(user, (channel) => channel.purgeQueue(full(queue)))).toMatch(/ACCESS[_-]REFUSED/);
    expect(await bed.tryAs(user, (channel) => channel.deleteQueue(full(queue)))).toMatch(/ACCESS[_-]REFUSED/);
  });

  it.each<BrokerUserName>(['producer', 'gateway', 'moderator', 'console', 'studio-dashboard'])(
    '%s: hearing everything, and deleting the exchange',
    async (user) => {
      const { exchange } = bed.system.namespace;
      const listen = async (channel: Parameters<Parameters<RightsBed['tryAs']>[1]>[0]) => {
        const { queue } = await channel.assertQueue('', { exclusive: true });
        await channel.bindQueue(queue, exchange, '#');
      };
      expect(await bed.tryAs(user, listen)).toMatch(/ACCESS[_-]REFUSED/);
      expect(await bed.tryAs(user, (channel) => channel.deleteExchange(exchange))).toMatch(
        /ACCESS[_-]REFUSED/,
      );
    },
  );
});

it('what a header leads past the permissions is not believed', async () => {
  const before = {
    parked: await bed.count('moderator.parked'),
    bans: await rows('bans', 'lifted_at is null'),
  };
  const forged: readonly [string, object][] = [
    ['moderation.bans', FORGED_BANS],
    ['source.groupme.callback', FORGED_CALLBACK],
  ];
  const answers: unknown[] = [];
  for (const [key, body] of forged)
    answers.push(await publish('producer', 'source', 'source.standard.x', body, { CC: [key] }));

  // From version 4 on the broker looks at these keys as well.
  if (answers.some((answer) => answer !== undefined)) {
    for (const answer of answers) expect(answer).toMatch(/ACCESS[_-]REFUSED/);
    expect(await rows('groupme_callbacks', "groupme_id = '9'")).toBe(0);
    expect(await rows('bans', 'lifted_at is null')).toBe(before.bans);
    return;
  }
  await bed.system.service('relay').waitForLog(({ msg }) => /under the key of another/.test(String(msg)));
  await waitFor(async () => (await bed.count('moderator.parked')) === before.parked + 1, {
    what: 'it is parked',
  });
  // The audit stores it as what it is: nothing that may be under this key.
  await untilStored('audit_rejected', "routing_key = 'source.standard.x'");
  expect(await rows('groupme_callbacks', "groupme_id = '9'")).toBe(0);
  expect(await rows('bans', 'lifted_at is null')).toBe(before.bans);
  expect(await bed.system.service('moderator').output()).not.toMatch(
    /somebody else has published a ban list/,
  );
});

describe('Postgres refuses', () => {
  const FORBIDDEN = '42501';
  it('whoever has not the password of the role', async () => {
    expect(await bed.queryAs('audit_logger', 'select 1', 'password-of-moderator')).toBe('28P01');
    expect(await bed.queryAs('audit_logger', 'select 1')).toBe(undefined);
  });

  it.each<['audit_logger' | 'moderator' | 'console' | 'reader', string]>([
    ['audit_logger', 'delete from groupme_posts'],
    ['audit_logger', "update groupme_posts set text = 'x'"],
    ['audit_logger', 'select text from groupme_posts'],
    ['audit_logger', 'truncate groupme_posts'],
    ['audit_logger', 'delete from groupme_posts_rest'],
    ['audit_logger', 'drop table groupme_posts_rest'],
    ['moderator', 'delete from groupme_posts_rest'],
    ['audit_logger', 'update message_counts set messages = 0'],
    ['audit_logger', "insert into bans values (gen_random_uuid(), '1', now())"],
    ['moderator', 'delete from groupme_posts'],
    ['moderator', "update groupme_commands set result = 'x'"],
    ['moderator', 'delete from bans'],
    ['moderator', 'drop table bans'],
    ['moderator', 'create table mine (id int)'],
    ['reader', "insert into station_clock (single, time_zone) values (false, 'x')"],
    ['console', "insert into bans values (gen_random_uuid(), '1', now())"],
    ['console', 'update bans set lifted_at = now()'],
    ['console', "update groupme_posts set text = 'x'"],
    ['console', 'delete from groupme_posts'],
    ['console', "update console_actions set name = 'x'"],
    ['console', 'delete from console_actions'],
    ['moderator', 'select * from console_sessions'],
    ['reader', 'select * from console_sessions'],
    ['reader', 'delete from groupme_posts'],
  ])('%s: %s', async (role, statement) => {
    expect(await bed.queryAs(role, statement)).toBe(FORBIDDEN);
  });
});

it('Postgres lets the reader read, the story of a message too', async () => {
  expect(await bed.queryAs('reader', 'select * from message_story limit 1')).toBe(undefined);
});
