import { readFile } from 'node:fs/promises';
import { auditParkedQueue, moderatorParkedQueue, relayParkedQueue } from '@wbor/contracts';
import { messageOf, type ServiceProcess } from '@wbor/testkit';
import { readQueue } from '../read-queue.ts';
import type { FuzzFacts, GoodMessage, ProcessFacts, SentInput } from './facts.ts';
import { goodTokenOf } from './good.ts';
import { tokensIn, tokensInBytes } from './inputs/token.ts';
import { APPS, type FuzzSystem } from './system.ts';

const EVENT_TABLES = [
  'groupme_posts',
  'groupme_images',
  'groupme_callbacks',
  'groupme_echoes',
  'groupme_undisplayed',
  'groupme_commands',
  'groupme_ban_changes',
] as const;

/** What the services log when a connection or a channel is lost. */
const RECONNECT =
  /^(?:lost the broker|cannot reach the broker|the broker closed a channel|closing a channel|could not (?:set up|open) a channel)/;

/** A ban list that was forged may count for a minute. */
const READY_TIMEOUT_MS = 90_000;

/** Reads where everything went. The system must be up and settled. */
export async function collectFacts(
  system: FuzzSystem,
  known: {
    sent: readonly SentInput[];
    good: readonly GoodMessage[];
    queuesLeft: Readonly<Record<string, number>>;
    connections: readonly string[];
  },
): Promise<FuzzFacts> {
  const posts = system.simulator
    .messages()
    .filter(({ sender_type }) => sender_type === 'bot')
    .map(({ text }) => text ?? '');
  const [parked, parkedDigests] = await readParked(system);
  const stored = await readStored(system);
  const now = new Set(await listConnections(system));
  return {
    sent: known.sent,
    good: known.good,
    goodPosts: countGood(posts),
    posted: tokensIn(posts.join('\n')),
    parked,
    parkedDigests,
    ...stored,
    emptySms: readEmptySms(system.services.relay),
    lostConnections: known.connections.filter((connection) => !now.has(connection)).length,
    queuesLeft: known.queuesLeft,
    processes: await Promise.all(APPS.map((app) => readProcess(app, system.services[app]))),
  };
}

function countGood(posts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const post of posts) {
    const token = goodTokenOf(post);
    if (token !== undefined) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}

async function readParked({ broker }: FuzzSystem): Promise<[Set<string>, Set<string>]> {
  const tokens = new Set<string>();
  const digests = new Set<string>();
  for (const { name } of [relayParkedQueue, auditParkedQueue, moderatorParkedQueue]) {
    for (const { content, properties } of await readQueue(broker.url, name)) {
      for (const token of [...tokensIn(properties), ...tokensInBytes(content)]) tokens.add(token);
      const text = `${properties} ${content.toString('latin1')}`;
      for (const digest of text.match(/\b[0-9a-f]{64}\b/g) ?? []) digests.add(digest);
    }
  }
  return [tokens, digests];
}

async function readStored({
  database,
}: FuzzSystem): Promise<Pick<FuzzFacts, 'stored' | 'rejected' | 'callbackIds'>> {
  const stored = new Set<string>();
  for (const table of EVENT_TABLES) {
    const { rows } = await database.query<{ row: string }>(
      `SELECT event::text AS row FROM ${table} AS event WHERE event::text LIKE '%zq%'`,
    );
    for (const { row } of rows) for (const token of tokensIn(row)) stored.add(token);
  }
  const rejected = new Set<string>();
  const { rows } = await database.query<{ text: string; body: Buffer }>(
    `SELECT concat(message_id, ' ', headers) AS text, body FROM audit_rejected`,
  );
  for (const { text, body } of rows)
    for (const token of [...tokensIn(text), ...tokensInBytes(body)]) rejected.add(token);
  const ids = await database.query<{ groupme_id: string }>('SELECT groupme_id FROM groupme_callbacks');
  return { stored, rejected, callbackIds: new Set(ids.rows.map(({ groupme_id }) => groupme_id)) };
}

/** SMS that say nothing are acknowledged and no more: the relay's log names them, as far back as it is kept. */
function readEmptySms(relay: ServiceProcess): Set<string> {
  const lines = relay.logs().filter(({ msg }) => msg === 'an SMS without words or pictures');
  return tokensIn(JSON.stringify(lines));
}

/** The broker's names of all connections that are open. */
export async function listConnections({ broker }: Pick<FuzzSystem, 'broker'>): Promise<string[]> {
  const listed = await broker.control('list_connections', 'pid');
  return listed.split('\n').filter((line) => line.startsWith('<'));
}

async function readProcess(app: string, service: ServiceProcess): Promise<ProcessFacts> {
  const readiness = await service.waitUntilReady(READY_TIMEOUT_MS).then(
    () => 'ready',
    (error: unknown) => messageOf(error).split('\n')[0] ?? '',
  );
  return {
    app,
    running: service.running,
    ready: readiness === 'ready' && service.running,
    readiness,
    peakMiB: await readPeakMiB(service.pid),
    reconnects: service
      .logs()
      .filter(({ msg }) => RECONNECT.test(String(msg)))
      .map((line) => JSON.stringify(line)),
  };
}

/** The most memory that a process ever had; null where the system does not tell. */
export async function readPeakMiB(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(status) ?? [];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1_024);
}
