import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import {
  type App,
  buildEnvironments,
  callbackUrl,
  createReleases,
  type System,
  startSystem,
} from '@wbor/start-system';
import {
  connectAmqp,
  createDatabase,
  lastingPort,
  publishRaw,
  repoRoot,
  type ServiceProcess,
  spawnService,
  startBroker,
  type TestBroker,
  waitFor,
} from '@wbor/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readGuide } from './guide.ts';
import { createOldService, type OldService } from './old-service.ts';

const APPS = ['audit-logger', 'moderator', 'relay', 'gateway'] as const satisfies readonly App[];
const PUBLISH_EVERY_MS = 60;
const releases = createReleases();

let broker: TestBroker;
let chat: Simulator;
let old: OldService;
let database: pg.Pool;
let databaseUrl: string;
let ours: System | undefined;
let relayRest: ServiceProcess | undefined;
/** Ids of all that was published, in order. */
const published: string[] = [];
const postedByOld = new Set<string>();
/** The message that the old service posted as its last one, and did not acknowledge. */
let inDoubt: string | undefined;

beforeAll(async () => {
  broker = await startBroker({ private: true });
  releases.add(() => broker.dispose());
  chat = await startSimulator();
  releases.add(() => chat.stop());
  const created = await createDatabase(inject('databaseUrl'));
  releases.add(created.drop);
  databaseUrl = created.url;
  database = new pg.Pool({ connectionString: databaseUrl });
  releases.add(() => database.end());
  await database.query(`CREATE TABLE messages (id text); INSERT INTO messages VALUES ('theirs')`);
  old = createOldService(broker.url, async (text) => {
    const body = JSON.stringify({ bot_id: chat.botId, text });
    const answer = await fetch(`${chat.apiUrl}/bots/post`, { method: 'POST', body });
    expect(answer.status).toBe(202);
    postedByOld.add(idIn(text) ?? '');
  });
  releases.add(() => old.stop());
}, 180_000);

afterAll(() => releases.releaseAll());

/** Publishes as the SMS service and the producers do, without a pause, until it is stopped. */
async function startProducers(): Promise<() => Promise<void>> {
  const connection = await connectAmqp(broker.url);
  const channel = await connection.createConfirmChannel();
  let isStopped = false;
  const publishing = (async () => {
    for (let number = 0; !isStopped; number += 1) {
      const id = randomUUID();
      const [key, fields] =
        number % 2 === 0
          ? ['source.twilio.sms.incoming', { From: '+12075550123', Body: `sms ${id}`, source: 'twilio' }]
          : ['source.standard.ups', { body: `ups ${id}`, source: 'ups' }];
      const content = Buffer.from(JSON.stringify({ ...fields, wbor_message_id: id }));
      await publishRaw(channel, 'source_exchange', key, content, { headers: { 'x-retry-count': 0 } });
      published.push(id);
      await delay(PUBLISH_EVERY_MS);
    }
  })();
  // A test that fails ends the broker below them.
  publishing.catch(() => undefined);
  return async () => {
    isStopped = true;
    await publishing;
    await connection.close();
  };
}

async function startOurs(): Promise<void> {
  const groupMe = {
    GROUPME_API_URL: chat.apiUrl,
    GROUPME_IMAGE_URL: chat.imageUrl,
    GROUPME_BOT_ID: chat.botId,
    GROUPME_ACCESS_TOKEN: chat.accessToken,
    GROUPME_GROUP_ID: chat.groupId,
  };
  ours = await startSystem({
    brokerUrl: broker.url,
    databaseUrl,
    processes: Object.fromEntries(APPS.map((app) => [app, app])),
    env: {
      relay: { ...groupMe, GROUPME_RATE_PER_SECOND: '0' },
      moderator: { GROUPME_GROUP_ID: chat.groupId },
    },
    releases,
  });
  chat.setCallbackUrl(callbackUrl(ours.gatewayUrl));
}

/** A relay that binds nothing. */
async function startRelayRest(): Promise<void> {
  const namespace = { exchange: 'source_exchange', queuePrefix: '' };
  const around = { brokerUrl: broker.url, databaseUrl, namespace, gatewayPort: 1, simulator: chat };
  const env = {
    RABBITMQ_DECLARE: 'false',
    GROUPME_RATE_PER_SECOND: '0',
    HEALTH_PORT: String(await lastingPort()),
  };
  relayRest = await spawnService({ app: 'relay', env: { ...buildEnvironments(around).relay, ...env } });
  releases.add(async () => relayRest?.stop());
  await relayRest.waitUntilReady();
}

async function untilOutboxIsEmpty(): Promise<string> {
  return waitFor(
    async () => {
      const queues = await broker.control('list_queues', 'name', 'messages');
      return /^relay\.outbox\s+0$/m.test(queues) && queues;
    },
    { what: 'an empty outbox', timeoutMs: 120_000 },
  );
}

/** One line of the guide. @returns what it prints. */
async function follow([program = '', ...words]: readonly string[]): Promise<string> {
  const line = [program, ...words].join(' ');
  if (line === 'rabbitmqctl list_queues name messages') return untilOutboxIsEmpty();
  if (program === 'rabbitmqctl') return broker.control(...words);
  if (line.startsWith('npm run ')) {
    const [, name = '', , ...args] = words;
    const env = { ...process.env, RABBITMQ_URL: broker.url };
    const packages = { 'take-over': 'take-over', parked: 'parked-cli' } as Record<string, string>;
    const script = `${repoRoot}/packages/${packages[name]}/src/main.ts`;
    return promisify(execFile)(process.execPath, [script, ...args], { env }).then(
      ({ stdout }) => stdout,
      (error: { code: number; stdout: string; stderr: string }) => {
        // Done, and something is left: the guide goes on by what it says.
        if (error.code === 3) return error.stdout;
        throw new Error(`${line}: ${error.stderr}`);
      },
    );
  }
  if (line === 'docker stop wbor-groupme') inDoubt = await old.stopAfterPosting();
  else if (line === 'docker start wbor-groupme') await old.start();
  else if (line === 'docker compose up --wait') await startOurs();
  else if (line.startsWith('docker compose run ')) await startRelayRest();
  else if (line === 'docker stop relay-rest') await relayRest?.stop();
  else if (line.startsWith('docker compose stop '))
    await Promise.all(words.slice(2).map((app) => ours?.service(app).stop()));
  else throw new Error(`the guide says what this test cannot do: ${line}`);
  return '';
}

async function followAll(kind: Parameters<typeof readGuide>[0]): Promise<string> {
  let printed = '';
  for (const words of await readGuide(kind)) printed += await follow(words);
  return printed;
}

/** Of a post in the chat. */
function idIn(text: string): string | undefined {
  return /(?:sms|ups) (\S+)"/.exec(text)?.[1];
}

/** How often the chat shows each message. */
function shown(): Map<string, number> {
  const times = new Map(published.map((id) => [id, 0]));
  for (const { text } of chat.messages()) {
    const id = idIn(text ?? '');
    if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
  }
  return times;
}

/** Does with what is parked as a person who looks into the chat. */
async function settleDoubts(listed: string): Promise<void> {
  for (const line of listed.split('\n')) {
    const messageId = published.find((id) => line.includes(id));
    if (messageId === undefined) continue;
    const [parkedId = ''] = line.split(' ');
    const action = (shown().get(messageId) ?? 0) > 0 ? 'discard' : 'replay';
    await follow(['npm', 'run', 'parked', '--', action, parkedId]);
  }
}

async function expectEachOnce(): Promise<void> {
  await waitFor(() => [...shown().values()].every((times) => times > 0), {
    what: 'every message in the chat',
    timeoutMs: 60_000,
  });
  expect([...shown()].filter(([, times]) => times !== 1)).toEqual([]);
}

it('takes over and gives back by the guide, while producers publish: each message is in the chat and in the audit once', async () => {
  await old.start();
  const stopProducers = await startProducers();
  expect(await followAll('look')).toMatch(/source_exchange\s+standard\s+source\.standard\.#/);
  await waitFor(() => published.length > 10, { what: 'messages' });
  const listed = await followAll('forward');
  expect(inDoubt).toBeTypeOf('string');
  expect(listed).toContain(inDoubt);
  expect(shown().get(inDoubt ?? '')).toBe(1);
  await settleDoubts(listed);
  await delay(PUBLISH_EVERY_MS * 3);
  await stopProducers();
  await expectEachOnce();

  // Ours posted all that the old one did not, and it is in the audit once.
  const byOurs = async () => {
    const { rows } = await database.query<{ id: string; times: string }>(
      `SELECT wbor_message_id AS id, count(*) AS times FROM groupme_posts WHERE outcome = 'delivered' GROUP BY 1`,
    );
    return rows;
  };
  const left = published.filter((id) => !postedByOld.has(id));
  await waitFor(async () => (await byOurs()).length >= left.length, { what: 'the audit', timeoutMs: 60_000 });
  expect((await byOurs()).map(({ id }) => id).sort()).toEqual([...left].sort());
  expect((await byOurs()).filter(({ times }) => times !== '1')).toEqual([]);
  expect((await database.query('SELECT id FROM messages')).rows).toEqual([{ id: 'theirs' }]);

  const stopAgain = await startProducers();
  await delay(PUBLISH_EVERY_MS * 3);
  if ((await followAll('back')).includes('relay.outbox')) await followAll('rest');
  const listedAgain = await followAll('restart');
  await settleDoubts(listedAgain);
  await delay(PUBLISH_EVERY_MS * 3);
  await stopAgain();
  await expectEachOnce();
}, 300_000);
