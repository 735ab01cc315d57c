import { auditParkedQueue, PARKED_HEADERS, queueName, relayParkedQueue } from '@wbor/contracts';
import type { RecordedRequest } from '@wbor/groupme-simulator';
import { readQueue } from '../read-queue.ts';
import type { ApiCall, CallRow, ChaosFacts, FaultRecord, SentMessage } from './facts.ts';
import type { ChaosSystem } from './system.ts';

/** Reads everything that the checker needs. The system must be up and settled. */
export async function collectFacts(
  system: ChaosSystem,
  known: {
    messages: readonly SentMessage[];
    faults: readonly FaultRecord[];
    queuesLeft: Readonly<Record<string, number>>;
  },
): Promise<ChaosFacts> {
  const { broker, database, fleet, namespace, simulator } = system;
  const requests = simulator.requests();
  const chat = simulator.messages();
  const atMs = new Map(
    requests.flatMap(({ messageId, at }) => (messageId === undefined ? [] : [[messageId, Date.parse(at)]])),
  );
  const authors = new Map(chat.map((message) => [message.id, message.sender_type]));
  const parked = await readQueue(broker.url, queueName(relayParkedQueue, namespace));
  const auditParked = await readQueue(broker.url, queueName(auditParkedQueue, namespace));
  const ids = async (table: string): Promise<string[]> =>
    (await database.query(`SELECT groupme_id FROM ${table}`)).rows.map((row) => String(row.groupme_id));
  const rejected = await database.query('SELECT count(*) FROM audit_rejected');
  return {
    ...known,
    chat: chat
      .filter((message) => message.sender_type === 'bot')
      .map(({ id, text, attachments }) => ({
        chatId: id,
        text,
        pictureUrl: textAt(attachments[0], 'url'),
        atMs: atMs.get(id) ?? 0,
      })),
    parked: parked.map(({ content, headers }) => {
      const body = content.toString('utf8');
      const known = textAt(headers, PARKED_HEADERS.messageId) ?? textAt(parseJson(body), 'wbor_message_id');
      return { messageId: known ?? '', body };
    }),
    postCalls: requests
      .filter(({ method, path }) => method === 'POST' && path === '/v3/bots/post')
      .map((request) =>
        toCall(request, postKey(textAt(request.json, 'text'), textAt(request.json, 'picture_url'))),
      ),
    uploadCalls: requests
      .filter(({ method, path }) => method === 'POST' && path === '/pictures')
      .map((request) => toCall(request, request.sha256 ?? '')),
    postRows: await readRows(system, 'groupme_posts', (row) => postKey(row.text, row.picture_url)),
    imageRows: await readRows(system, 'groupme_images', (row) => row.sha256 ?? ''),
    callbacks: simulator.callbacks().map(({ messageId, state }) => ({
      chatId: messageId,
      fromBot: authors.get(messageId) === 'bot',
      delivered: state === 'delivered',
    })),
    echoRows: await ids('groupme_echoes'),
    callbackRows: await ids('groupme_callbacks'),
    auditRejected: Number(rejected.rows[0].count),
    auditParked: auditParked.length,
    exits: fleet.exits,
    memory: await fleet.memory(),
    notReady: await fleet.notReady(),
  };
}

/** A picture alone has no text, which is `''`, null or nothing, depending on whom one asks. */
function postKey(text: string | null, pictureUrl: string | null): string {
  return pictureUrl === null ? (text ?? '') : `${text ?? ''}[${pictureUrl}]`;
}

function toCall(request: RecordedRequest, key: string): ApiCall {
  const { at, status, fault, messageId } = request;
  return { key, atMs: Date.parse(at), status, fault, accepted: messageId !== undefined };
}

interface AuditRow {
  readonly wbor_message_id: string;
  readonly occurred_at: Date;
  readonly duration_ms: number | null;
  readonly code: number;
  readonly outcome: string;
  readonly part: number | null;
  readonly attempt: number | null;
  readonly text: string | null;
  readonly picture_url: string | null;
  readonly sha256: string | null;
}

/** Rows that tell of a call; the audit also keeps what was decided without one. */
async function readRows(
  { database }: ChaosSystem,
  table: 'groupme_posts' | 'groupme_images',
  keyOf: (row: AuditRow) => string,
): Promise<CallRow[]> {
  const own = table === 'groupme_posts' ? 'part, text, NULL AS sha256' : 'NULL AS part, NULL AS text, sha256';
  const { rows } = await database.query<AuditRow>(
    `SELECT wbor_message_id, occurred_at, duration_ms, code, outcome, attempt, picture_url, ${own} FROM ${table}
     WHERE outcome IN ('delivered', 'refused', 'unreachable', 'unknown', 'misconfigured', 'rejected')`,
  );
  return rows.map((row) => ({
    key: keyOf(row),
    messageId: row.wbor_message_id,
    part: row.part,
    attempt: row.attempt,
    sentAtMs: row.occurred_at.getTime(),
    durationMs: row.duration_ms,
    code: row.code,
    outcome: row.outcome,
  }));
}

function textAt(value: unknown, name: string): string | null {
  const found: unknown =
    typeof value === 'object' && value !== null
      ? Object.entries(value).find(([key]) => key === name)?.[1]
      : null;
  return typeof found === 'string' ? found : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
