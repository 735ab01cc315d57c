import type { EventRow } from '@wbor/database';
import { fingerprintBot, hideBotIds } from './bot-id.ts';
import { createFieldReader, type FieldReader, plausibleTime } from './field-reader.ts';

/** Browsers know no longer ones; the attachment stays in the payload. */
const MAX_URL_LENGTH = 2_000;

/** A parsed body, cleaned for Postgres, and what the broker knows of it. */
export interface EventSource {
  readonly eventId: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The AMQP timestamp. */
  readonly timestamp: Date | undefined;
  readonly nowMs: number;
}

export function buildPostRow(source: EventSource): EventRow<'groupme_posts'> {
  const { reader, bot } = readFields(source);
  reader.drop('type', 'log');
  return {
    event_id: source.eventId,
    occurred_at: reader.isoTime('sent_at') ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    text: reader.text('text'),
    picture_url: reader.text('picture_url'),
    part: reader.int32('part'),
    parts: reader.int32('parts'),
    attempt: reader.int32('attempt'),
    outcome: reader.label('outcome'),
    evidence: reader.label('evidence'),
    sender: reader.indexedText('sender'),
    sender_name: reader.label('sender_name'),
    duration_ms: reader.number('duration_ms'),
    error: reader.text('error'),
    payload: reader.rest(),
  };
}

export function buildImageRow(source: EventSource): EventRow<'groupme_images'> {
  const { reader, bot } = readFields(source);
  reader.drop('type', 'img');
  reader.drop('text', '');
  return {
    event_id: source.eventId,
    occurred_at: reader.isoTime('sent_at') ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    image_url: reader.text('image_url'),
    picture_url: reader.text('picture_url'),
    content_type: reader.label('content_type'),
    bytes: reader.integer('bytes'),
    sha256: reader.label('sha256'),
    attempt: reader.int32('attempt'),
    outcome: reader.label('outcome'),
    sender: reader.indexedText('sender'),
    duration_ms: reader.number('duration_ms'),
    error: reader.text('error'),
    payload: reader.rest(),
  };
}

/** Callbacks and echoes alike. The attachments stay in the payload, whatever they are. */
export function buildCallbackRow(source: EventSource): EventRow<'groupme_callbacks'> {
  const { reader, bot, fields } = readFields(source);
  reader.drop('type', 'log');
  return {
    event_id: source.eventId,
    occurred_at: reader.unixTime('created_at') ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    groupme_id: reader.id('id'),
    group_id: reader.id('group_id'),
    sender: reader.id('sender_id') ?? reader.id('user_id'),
    sender_name: reader.label('name'),
    sender_type: reader.label('sender_type'),
    text: reader.text('text'),
    picture_url: findPicture(fields.attachments),
    payload: reader.rest(),
  };
}

/** The event comes at the end of the wait, when the post was found missing; `sent_at` is the post's own time. */
export function buildUndisplayedRow(source: EventSource): EventRow<'groupme_undisplayed'> {
  const { reader, bot } = readFields(source);
  reader.drop('type', 'undisplayed');
  const sentAt = reader.isoTime('sent_at');
  const waitedMs = reader.number('waited_ms');
  const foundAt =
    sentAt && waitedMs !== null ? plausibleTime(sentAt.getTime() + waitedMs, source.nowMs) : null;
  return {
    event_id: source.eventId,
    occurred_at: foundAt ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    text: reader.text('text'),
    picture_url: reader.text('picture_url'),
    part: reader.int32('part'),
    parts: reader.int32('parts'),
    sent_at: sentAt,
    waited_ms: waitedMs,
    payload: reader.rest(),
  };
}

export function buildCommandRow(source: EventSource): EventRow<'groupme_commands'> {
  const { reader, bot } = readFields(source);
  reader.drop('type', 'command');
  return {
    event_id: source.eventId,
    occurred_at: reader.isoTime('at') ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    groupme_id: reader.id('callback_id'),
    command: reader.label('command'),
    argument: reader.text('argument'),
    caller: reader.indexedText('caller_id'),
    caller_name: reader.label('caller_name'),
    result: reader.label('result'),
    reply: reader.text('reply'),
    payload: reader.rest(),
  };
}

export function buildBanChangeRow(source: EventSource): EventRow<'groupme_ban_changes'> {
  const { reader, bot } = readFields(source);
  reader.drop('type', 'ban');
  reader.drop('until', null);
  return {
    event_id: source.eventId,
    occurred_at: reader.isoTime('at') ?? whenPublished(source),
    wbor_message_id: reader.id('wbor_message_id'),
    source: reader.label('source'),
    code: reader.int32('code'),
    bot,
    groupme_id: reader.id('callback_id'),
    action: reader.label('action'),
    sender: reader.indexedText('sender'),
    until: reader.anyIsoTime('until'),
    reason: reader.text('reason'),
    about: reader.label('about'),
    caller: reader.indexedText('caller_id'),
    caller_name: reader.label('caller_name'),
    version: reader.integer('version'),
    payload: reader.rest(),
  };
}

/** The fields without the bot's id, wherever it stood, and its fingerprint. */
function readFields(source: EventSource): {
  reader: FieldReader;
  bot: string | null;
  fields: Record<string, unknown>;
} {
  const { bot_id: botId, ...others } = source.fields;
  // The top one has a column of its own, and must not stand in the other fields either.
  const fields = hideBotIds(others, botId);
  return {
    reader: createFieldReader(fields, source.nowMs),
    fields,
    bot: typeof botId === 'string' && botId !== '' ? fingerprintBot(botId) : null,
  };
}

function whenPublished(source: EventSource): Date {
  const published = source.timestamp && plausibleTime(source.timestamp.getTime(), source.nowMs);
  return published ?? new Date(source.nowMs);
}

function findPicture(attachments: unknown): string | null {
  if (!Array.isArray(attachments)) return null;
  for (const attachment of attachments) {
    if (typeof attachment !== 'object' || attachment === null) continue;
    const { type, url } = attachment as { type?: unknown; url?: unknown };
    if (type === 'image' && typeof url === 'string') return url.slice(0, MAX_URL_LENGTH).toWellFormed();
  }
  return null;
}
