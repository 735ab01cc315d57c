import { auditParkedQueue, PARKED_HEADERS, queueName, relayParkedQueue } from '@wbor/contracts';
import type { RecordedRequest } from '@wbor/groupme-simulator';
import { type QueuedMessage, readQueue } from '../read-queue.ts';
import type { ApiCall, CallRow, ChaosFacts, ChatPost } from './facts.ts';
import { findHostileRows, isHostileMessage, isHostileText } from './set-aside-hostile.ts';
import type { ChaosSystem } from './system.ts';

const SDK_AGENT = 'wbor-producer';
/** Rows that tell of a call of the relay's; the audit also keeps what was decided without one. */
const CALL_OUTCOMES = ['delivered', 'refused', 'unreachable', 'unknown', 'misconfigured', 'rejected'];
/** Of what a producer says that it has posted. */
const OWN_OUTCOME = 'already-sent';
const EXPIRED_OUTCOME = 'expired';

/**
 * Reads everything that the checker needs. The system must be up and settled.
 *
 * @param hostileDigests of the bodies that hostile senders sent.
 */
export async function collectFacts(
  system: ChaosSystem,
  known: Pick<ChaosFacts, 'messages' | 'faults' | 'queuesLeft' | 'spoolsLeft' | 'exits'>,
  hostileDigests: ReadonlySet<string> = new Set(),
): Promise<ChaosFacts> {
  const { broker, database, fleet, namespace, simulator } = system;
  const requests = simulator.requests();
  const chat = simulator.messages();
  const made = new Map(
    requests.flatMap((request) => (request.messageId === undefined ? [] : [[request.messageId, request]])),
  );
  const authors = new Map(chat.map((message) => [message.id, message.sender_type]));
  const isOurs = (message: QueuedMessage) => !isHostileMessage(message, hostileDigests);
  const parked = (await readQueue(broker.url, queueName(relayParkedQueue, namespace))).filter(isOurs);
  const auditParked = (await readQueue(broker.url, queueName(auditParkedQueue, namespace))).filter(isOurs);
  const posts = await readRows(system, 'groupme_posts', (row) => postKey(row.text, row.picture_url));
  const images = await readRows(system, 'groupme_images', (row) => row.sha256 ?? '');
  const isHostilePost = (key: string) => isHostileText(key) || posts.hostileKeys.has(key);
  const callsBy = (poster: ChatPost['by']) =>
    requests
      .filter(({ method, path }) => method === 'POST' && path === '/v3/bots/post')
      .filter((request) => posterOf(request) === poster)
      .map((request) =>
        toCall(request, postKey(textAt(request.json, 'text'), textAt(request.json, 'picture_url'))),
      )
      .filter(({ key }) => !isHostilePost(key));
  const rejected = await database.query<QueuedMessage>(
    `SELECT concat(message_id, ' ', headers) AS properties, body AS content FROM audit_rejected`,
  );
  return {
    ...known,
    chat: chat
      .filter((message) => message.sender_type === 'bot')
      .map(({ id, text, attachments }) => ({
        chatId: id,
        text,
        pictureUrl: textAt(attachments[0], 'url'),
        atMs: Date.parse(made.get(id)?.at ?? '1970-01-01'),
        by: posterOf(made.get(id)),
      }))
      .filter(({ text, pictureUrl }) => !isHostilePost(postKey(text, pictureUrl))),
    parked: parked.map(({ content, headers }) => {
      const body = content.toString('utf8');
      const known = textAt(headers, PARKED_HEADERS.messageId) ?? textAt(parseJson(body), 'wbor_message_id');
      return { messageId: known ?? '', body };
    }),
    postCalls: callsBy('relay'),
    ownCalls: callsBy('sdk'),
    uploadCalls: requests
      .filter(({ method, path }) => method === 'POST' && path === '/pictures')
      .map((request) => toCall(request, request.sha256 ?? '')),
    postRows: posts.rows.filter(({ outcome }) => CALL_OUTCOMES.includes(outcome)),
    ownRows: posts.rows.filter(({ outcome }) => outcome === OWN_OUTCOME),
    expiredIds: posts.rows
      .filter(({ outcome }) => outcome === EXPIRED_OUTCOME)
      .map(({ messageId }) => messageId),
    imageRows: images.rows,
    callbacks: simulator.callbacks().map(({ messageId, state }) => ({
      chatId: messageId,
      fromBot: authors.get(messageId) === 'bot',
      delivered: state === 'delivered',
    })),
    echoRows: await readCallbackIds(system, 'groupme_echoes', authors),
    callbackRows: await readCallbackIds(system, 'groupme_callbacks', authors),
    auditRejected: rejected.rows.filter(isOurs).length,
    auditParked: auditParked.length,
    memory: await fleet.memory(),
    notReady: await fleet.notReady(),
  };
}

/** The SDK says its name with each call. */
function posterOf(request: RecordedRequest | undefined): ChatPost['by'] {
  return request?.headers['user-agent'] === SDK_AGENT ? 'sdk' : 'relay';
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
  /** All columns, as text. */
  readonly whole: string;
  readonly wbor_message_id: string | null;
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

/** Those of hostile messages are left out, and what they posted is named. */
async function readRows(
  { database }: ChaosSystem,
  table: 'groupme_posts' | 'groupme_images',
  keyOf: (row: AuditRow) => string,
): Promise<{ rows: CallRow[]; hostileKeys: ReadonlySet<string> }> {
  const own = table === 'groupme_posts' ? 'part, text, NULL AS sha256' : 'NULL AS part, NULL AS text, sha256';
  const { rows } = await database.query<AuditRow>(
    `SELECT wbor_message_id, occurred_at, duration_ms, code, outcome, attempt, picture_url, ${own}, event::text AS whole
     FROM ${table} AS event
     WHERE outcome = ANY($1)`,
    [[...CALL_OUTCOMES, OWN_OUTCOME, EXPIRED_OUTCOME]],
  );
  const hostile = findHostileRows(rows);
  const ours = rows.filter((row) => !hostile.has(row));
  return {
    hostileKeys: new Set([...hostile].map(keyOf)),
    rows: ours.map((row) => ({
      key: keyOf(row),
      messageId: row.wbor_message_id ?? '',
      part: row.part,
      attempt: row.attempt,
      sentAtMs: row.occurred_at.getTime(),
      durationMs: row.duration_ms,
      code: row.code,
      outcome: row.outcome,
    })),
  };
}

/** GroupMe's ids in a table of callbacks; without those that somebody forged, which no message of the chat has. */
async function readCallbackIds(
  { database }: ChaosSystem,
  table: 'groupme_echoes' | 'groupme_callbacks',
  inChat: { has(id: string): boolean },
): Promise<string[]> {
  const { rows } = await database.query<{ id: string; whole: string }>(
    `SELECT groupme_id AS id, event::text AS whole FROM ${table} AS event`,
  );
  return rows.filter(({ id, whole }) => inChat.has(id) || !isHostileText(whole)).map(({ id }) => String(id));
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
