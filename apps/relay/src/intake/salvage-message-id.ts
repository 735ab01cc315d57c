import {
  decodeBody,
  isNothing,
  MAX_INFLATED_BYTES,
  nameOf,
  parseJson,
  readIncoming,
  toMessageId,
} from '@wbor/contracts';
import { z } from 'zod';
import type { RawMessage } from './parse-incoming.ts';

/** An id stands near the beginning or the end of nothing that is any longer. */
const SEARCHED_CHARACTERS = 64 * 1024;

/** In UTF-16 units. Answers and log lines must not grow without end. */
const MAX_SENT_ID_LENGTH = 1_024;

/** The id alone, as it was sent. */
const idSchema = z.looseObject({ wbor_message_id: z.unknown() });

type Body = Pick<RawMessage, 'content' | 'contentType' | 'contentEncoding'>;

/**
 * The id in a message that cannot be read as a whole, so that its producer hears which of its messages it was. It is as it
 * was sent, up to 1 024 UTF-16 units; a longer one as the relay would name the message, by its SHA-256.
 */
export function salvageMessageId(message: Body): string | undefined {
  const isSmall = message.content.length <= MAX_INFLATED_BYTES;
  const reading = isSmall ? readIncoming({ schema: idSchema }, message) : undefined;
  const id = reading?.ok ? nameOf(reading.value.value.wbor_message_id) : findId(isSmall, message);
  return id === undefined || isNothing(id) || id.length > MAX_SENT_ID_LENGTH ? toMessageId(id) : id;
}

/** As JSON has it, or nearly: Python writes single quotes. */
const ID =
  /(["'])wbor[-_ ]?message[-_ ]?id\1\s*:\s*(?:"((?:[^"\\]|\\.){1,2048})"|'((?:[^'\\]|\\.){1,2048})'|(-?\d{1,1024}))/is;

function findId(isSmall: boolean, message: Body): string | undefined {
  const decoded = isSmall ? decodeBody(message) : undefined;
  // Byte by byte, when nobody knows how it is written.
  const text = decoded?.ok ? decoded.value : message.content.toString('latin1', 0, SEARCHED_CHARACTERS);
  const [, , double, single, digits] = ID.exec(text.slice(0, SEARCHED_CHARACTERS)) ?? [];
  const escaped = double ?? single?.replaceAll("\\'", "'").replace(/(?<!\\)"/g, '\\"');
  if (escaped === undefined) return digits;
  const id = unescapeJson(escaped);
  return decoded?.ok ? id : fromUtf8(id);
}

function unescapeJson(escaped: string): string {
  const reading = parseJson(`"${escaped}"`);
  return reading.ok && typeof reading.value === 'string' ? reading.value : escaped;
}

/** The id itself may be UTF-8 where the body is not. */
function fromUtf8(bytes: string): string {
  // Escapes of JSON have made more than bytes of it.
  if (/[^\x00-\xff]/.test(bytes)) return bytes;
  const text = decodeBody({ content: Buffer.from(bytes, 'latin1') });
  return text.ok ? text.value : bytes;
}
