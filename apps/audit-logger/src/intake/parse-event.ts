import type { Delivery } from '@wbor/amqp';
import {
  banEvent,
  callbackEvent,
  commandEvent,
  echoEvent,
  imageEvent,
  type MessageDefinition,
  postEvent,
  readJson,
  undisplayedEvent,
} from '@wbor/contracts';
import { type EventRow, type EventTable, type RejectedRow, storableJson, storableText } from '@wbor/database';
import { hideBotIds, maskBotIdsInBytes } from './bot-id.ts';
import { CUT } from './bound-payload.ts';
import { deriveEventId } from './event-id.ts';
import {
  buildBanChangeRow,
  buildCallbackRow,
  buildCommandRow,
  buildImageRow,
  buildPostRow,
  buildUndisplayedRow,
  type EventSource,
} from './event-rows.ts';
import { plausibleTime } from './field-reader.ts';

/** A row and the table that it is for. */
type TargetRow =
  | { [Table in EventTable]: { readonly table: Table; readonly row: EventRow<Table> } }[EventTable]
  | { readonly table: 'audit_rejected'; readonly row: RejectedRow };

export interface AuditEvent {
  readonly eventId: string;
  readonly routingKey: string;
  /** Size of the message's body. */
  readonly bytes: number;
  readonly target: TargetRow;
  /** Names of the fields that depart from the event's contract. It is stored all the same. */
  readonly offContract: readonly string[];
  /** The same event for `audit_rejected`, once Postgres has refused its row. */
  reject(reason: string): AuditEvent;
}

type IncomingMessage = Pick<Delivery, 'content' | 'routingKey' | 'messageId' | 'timestamp' | 'headers'> &
  Partial<Pick<Delivery, 'contentType' | 'contentEncoding'>>;

interface Route {
  readonly definition: MessageDefinition;
  /** One of these fields at least must be there, or nobody could ever find the row. */
  readonly ids: readonly string[];
  readonly toTarget: (source: EventSource) => TargetRow;
}

const routes: ReadonlyMap<string, Route> = new Map(
  [
    {
      definition: postEvent,
      ids: ['wbor_message_id'],
      toTarget: (source: EventSource): TargetRow => ({ table: 'groupme_posts', row: buildPostRow(source) }),
    },
    {
      definition: imageEvent,
      ids: ['wbor_message_id'],
      toTarget: (source: EventSource): TargetRow => ({ table: 'groupme_images', row: buildImageRow(source) }),
    },
    {
      definition: callbackEvent,
      ids: ['id', 'wbor_message_id'],
      toTarget: (source: EventSource): TargetRow => ({
        table: 'groupme_callbacks',
        row: buildCallbackRow(source),
      }),
    },
    {
      definition: echoEvent,
      ids: ['id', 'wbor_message_id'],
      toTarget: (source: EventSource): TargetRow => ({
        table: 'groupme_echoes',
        row: buildCallbackRow(source),
      }),
    },
    {
      definition: undisplayedEvent,
      ids: ['wbor_message_id'],
      toTarget: (source: EventSource): TargetRow => ({
        table: 'groupme_undisplayed',
        row: buildUndisplayedRow(source),
      }),
    },
    {
      definition: commandEvent,
      ids: ['callback_id'],
      toTarget: (source: EventSource): TargetRow => ({
        table: 'groupme_commands',
        row: buildCommandRow(source),
      }),
    },
    {
      definition: banEvent,
      ids: ['sender'],
      toTarget: (source: EventSource): TargetRow => ({
        table: 'groupme_ban_changes',
        row: buildBanChangeRow(source),
      }),
    },
  ].map((route) => [route.definition.key, route]),
);

/**
 * Turns a message into the row that keeps it. Never throws: what cannot be an event becomes a rejection.
 *
 * An event that departs from its contract is stored with nulls in the columns at fault: producers write part
 * of it, and a row with gaps is worth more than a rejected one.
 */
export function parseEvent(message: IncomingMessage, nowMs: number): AuditEvent {
  const eventId = deriveEventId(message);
  const toEvent = (target: TargetRow, offContract: readonly string[] = []): AuditEvent => ({
    eventId,
    routingKey: message.routingKey,
    bytes: message.content.length,
    target,
    offContract,
    reject: (reason) => toEvent(toRejected(message, eventId, nowMs, reason)),
  });
  const reject = (reason: string) => toEvent(toRejected(message, eventId, nowMs, reason));

  const route = routes.get(message.routingKey);
  if (!route) return reject('no event is known by this routing key');

  const json = readJson(message);
  if (!json.ok) return reject(json.fault.message);
  if (!isObject(json.value)) return reject('not a JSON object');

  let fields: unknown;
  try {
    fields = storableJson(json.value);
  } catch (error) {
    return reject(error instanceof RangeError ? error.message : 'cannot be stored as JSON');
  }
  if (!isObject(fields)) return reject('not a JSON object');
  if (!route.ids.some((name) => isId(fields[name]))) return reject(`no ${route.ids.join(' and no ')}`);

  const issues = route.definition.schema.safeParse(fields).error?.issues ?? [];
  const target = route.toTarget({ eventId, fields, timestamp: message.timestamp, nowMs });
  const cut = target.table !== 'audit_rejected' && CUT in target.row.payload ? [CUT] : [];
  const offContract = [...new Set([...issues.map((issue) => String(issue.path[0] ?? '')), ...cut])];
  return toEvent(target, offContract);
}

function toRejected(message: IncomingMessage, eventId: string, nowMs: number, reason: string): TargetRow {
  return {
    table: 'audit_rejected',
    row: {
      event_id: eventId,
      occurred_at: message.timestamp ? plausibleTime(message.timestamp.getTime(), nowMs) : null,
      routing_key: storableText(message.routingKey),
      message_id: message.messageId === undefined ? null : storableText(message.messageId),
      headers: storableHeaders(message.headers),
      body: maskBotIdsInBytes(message.content),
      error: storableText(reason),
    },
  };
}

function storableHeaders(headers: IncomingMessage['headers']): Record<string, unknown> {
  try {
    const hidden = hideBotIds(storableJson(headers));
    return isObject(hidden) ? hidden : {};
  } catch {
    // Nested too deep to keep. The body is what matters.
    return {};
  }
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
