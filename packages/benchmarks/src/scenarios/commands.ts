import {
  callbackEvent,
  commandReply,
  moderatorCallbacksQueue,
  type Namespace,
  queueName,
} from '@wbor/contracts';
import { createDatabase, migrateToLatest, seedPosts } from '@wbor/database';
import { type ServiceProcess, waitFor } from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { watchProcesses } from '../measure/process-use.ts';
import { median } from '../measure/statistics.ts';
import { publishJson } from '../producer.ts';
import type { Measured, Scenario, Variant } from '../types.ts';
import type { World } from '../world.ts';

const GROUP_ID = '90000001';
const TIMEOUT_MS = 60_000;
/** Of seeding and its analysis, at five million rows. */
const STATEMENT_TIMEOUT_MS = 600_000;

interface Answerer {
  readonly service: ServiceProcess;
  readonly namespace: Namespace;
  /** Where its metrics are; a floor has none. */
  readonly metricsUrl?: string;
}

/** Posts as the audit has them, and the id of one. */
interface Seeded {
  readonly databaseUrl: string;
  readonly uid: string;
}

async function seed(world: World, rows: number): Promise<Seeded> {
  const databaseUrl = await world.createDatabase();
  await migrateToLatest({ connectionString: databaseUrl });
  const { close, db, pool } = createDatabase({
    connectionString: databaseUrl,
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    await seedPosts(db, rows);
    await pool.query('vacuum analyze');
    const { rows: picked } = await pool.query<{ uid: string }>(
      'select left(wbor_message_id, 8) as uid from groupme_messages where sender is not null limit 1',
    );
    return { databaseUrl, uid: picked[0]?.uid ?? '' };
  } finally {
    await close();
  }
}

function answerVariant(
  name: string,
  rows: { readonly full: number; readonly quick: number },
  start: (world: World, seeded: Seeded) => Promise<Answerer>,
): Variant {
  return {
    name,
    async open(world) {
      const seeded = await seed(world, world.size(rows.full, rows.quick));
      const answerer = await start(world, seeded);
      const ask = await createAsk(world, answerer.namespace);
      const count = world.size(60, 5);
      const pids = { service: answerer.service.pid, postgres: world.servers.postgresPid };
      return async (): Promise<Measured> => {
        const stopWatching = watchProcesses(pids);
        const values: Record<string, number> = {
          '!who': await medianOf(count, () => ask(`!who ${seeded.uid}`)),
          '!stats': await medianOf(count, () => ask('!stats')),
        };
        const processes = stopWatching();
        const { metricsUrl } = answerer;
        if (metricsUrl !== undefined) {
          values['/metrics'] = await medianOf(count, async () => (await fetch(metricsUrl)).text());
        }
        return { values, messages: 2 * count, processes };
      };
    },
  };
}

async function medianOf(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const startedAtMs = performance.now();
    const endedAtMs = await work();
    times.push((typeof endedAtMs === 'number' ? endedAtMs : performance.now()) - startedAtMs);
  }
  return median(times);
}

/** Types a command into the chat; resolves with the time at which its reply was published. */
async function createAsk(world: World, { exchange }: Namespace): Promise<(text: string) => Promise<number>> {
  const channel: ConfirmChannel = await world.openChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, commandReply.key);
  const repliedAtMs: number[] = [];
  await channel.consume(queue, () => repliedAtMs.push(performance.now()), { noAck: true });
  let typed = BigInt(Date.now()) * 100_000n;
  return async (text) => {
    const before = repliedAtMs.length;
    typed += 1n;
    const id = String(typed);
    await publishJson(channel, exchange, callbackEvent.key, {
      attachments: [],
      avatar_url: null,
      created_at: Math.floor(Date.now() / 1_000),
      group_id: GROUP_ID,
      id,
      name: 'Manager',
      sender_id: '77',
      user_id: '77',
      sender_type: 'user',
      source_guid: `guid-${id}`,
      system: false,
      text,
      source: 'groupme.callback',
      code: 200,
      type: 'log',
      wbor_message_id: `guid-${id}`,
    });
    await waitFor(() => repliedAtMs.length > before, {
      what: `a reply to ${text}`,
      timeoutMs: TIMEOUT_MS,
      intervalMs: 2,
    });
    return repliedAtMs[before] ?? Number.NaN;
  };
}

async function startModerator(world: World, { databaseUrl }: Seeded): Promise<Answerer> {
  const namespace = world.createNamespace();
  const service = await world.spawnApp('moderator', {
    namespace,
    databaseUrl,
    env: { GROUPME_GROUP_ID: GROUP_ID, COMMANDS_PER_MINUTE: '0' },
  });
  await service.waitUntilReady();
  return { service, namespace, metricsUrl: `${service.healthUrl}/metrics` };
}

async function startFloor(world: World, { databaseUrl }: Seeded): Promise<Answerer> {
  const namespace = world.createNamespace();
  const channel = await world.openChannel();
  await channel.assertExchange(namespace.exchange, 'topic', { durable: true });
  const service = await world.spawnFloor('commands', {
    DATABASE_URL: databaseUrl,
    EXCHANGE: namespace.exchange,
    QUEUE: queueName(moderatorCallbacksQueue, namespace),
  });
  await service.waitForLog(({ msg }) => msg === 'ready');
  return { service, namespace };
}

function commandsScenario(
  name: string,
  rows: { readonly full: number; readonly quick: number },
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name: `commands-${name}`,
    summary: `commands and metrics of the moderator with ${rows.full.toLocaleString('en')} posts in Postgres`,
    metrics: [
      { name: '!who', unit: 'ms' },
      { name: '!stats', unit: 'ms' },
      { name: '/metrics', unit: 'ms' },
    ],
    ...more,
    ours: answerVariant('moderator', rows, startModerator),
    floors: [answerVariant('bare queries', rows, startFloor)],
  };
}

export const commands: readonly Scenario[] = [
  commandsScenario('10k', { full: 10_000, quick: 500 }),
  commandsScenario('5m', { full: 5_000_000, quick: 500 }, { onlyByName: true, maxRounds: 3 }),
];
