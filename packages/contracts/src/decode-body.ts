import {
  brotliDecompressSync,
  gunzipSync,
  type InputType,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
} from 'node:zlib';
import { type ReadFault, type ReadResult, readFault } from './read-fault.ts';

/** A body as it travels: over AMQP and over HTTP the same three things say what it is. */
export interface EncodedBody {
  readonly content: Uint8Array;
  /** As declared, for example `application/json; charset=iso-8859-1`. Only the charset counts. */
  readonly contentType?: string | undefined;
  /** As declared, for example `gzip`. Several are undone from the last to the first. */
  readonly contentEncoding?: string | undefined;
}

/** What a compressed body may grow to by default, in bytes. */
export const MAX_INFLATED_BYTES = 1024 * 1024;

/** Nobody compresses a body more often in earnest, and each time is work for us. */
const MAX_ENCODINGS = 3;

/** Names in a fault are cut to this. */
const MAX_SHOWN_NAME = 32;

/**
 * Makes text of a body: undoes its compression, then reads it as it says or shows that it is written.
 *
 * A byte-order mark says the most, then the declared charset. Without either it is UTF-8, strictly: a lenient reader
 * would put U+FFFD in place of what somebody wrote, and nobody would ever know. A charset that nobody knows is no reason
 * to keep back what is UTF-8 all the same.
 *
 * @param maxInflatedBytes what a compressed body may grow to. Memory never exceeds it by much.
 */
export function decodeBody(body: EncodedBody, maxInflatedBytes = MAX_INFLATED_BYTES): ReadResult<string> {
  const encodings = readEncodings(body.contentEncoding);
  const compressions =
    encodings.compressions.length === 0 && isGzip(body.content) ? ['gzip'] : encodings.compressions;
  const inflated = inflate(body.content, compressions, maxInflatedBytes);
  if (!inflated.ok) return inflated;
  return decodeText(inflated.value, charsetOf(body.contentType) ?? encodings.charset);
}

const IDENTITIES: ReadonlySet<string> = new Set([
  '',
  'identity',
  'none',
  'null',
  'plain',
  'binary',
  '7bit',
  '8bit',
]);

/** Some AMQP libraries, Celery's among them, declare the charset as the encoding. */
function readEncodings(declared = ''): { compressions: string[]; charset: string | undefined } {
  const names = declared.split(',').map((name) => name.trim().toLowerCase());
  const meaningful = names.filter((name) => !IDENTITIES.has(name));
  return {
    compressions: meaningful.filter((name) => !isCharset(name)).reverse(),
    charset: meaningful.find(isCharset),
  };
}

type Inflate = (bytes: InputType, options: ZlibOptions) => Uint8Array;

const inflaters: ReadonlyMap<string, Inflate> = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateEither],
  ['br', (bytes, { maxOutputLength }) => brotliDecompressSync(bytes, { maxOutputLength })],
]);

/** HTTP means zlib by `deflate`; some programs send the bare stream. */
function inflateEither(bytes: InputType, options: ZlibOptions): Uint8Array {
  try {
    return inflateSync(bytes, options);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return inflateRawSync(bytes, options);
  }
}

function inflate(
  content: Uint8Array,
  compressions: readonly string[],
  maxOutputLength: number,
): ReadResult<Uint8Array> {
  if (compressions.length > MAX_ENCODINGS) {
    return readFault('unknown-encoding', `the body is encoded more than ${MAX_ENCODINGS} times`);
  }
  let bytes = content;
  for (const name of compressions) {
    const inflater = inflaters.get(name);
    if (!inflater) return readFault('unknown-encoding', `the content encoding ${shown(name)} is not known`);
    try {
      bytes = inflater(bytes, { maxOutputLength });
    } catch (error) {
      if (isTooLarge(error)) {
        return readFault('too-large', `the body is larger than ${maxOutputLength} bytes when decompressed`);
      }
      // A proxy that decompresses sometimes leaves the header behind.
      if (bytes[0] !== OPENING_BRACE) {
        return readFault('invalid-encoding', `the body says that it is ${name}, and it is not`);
      }
    }
  }
  return { ok: true, value: bytes };
}

const OPENING_BRACE = 0x7b;

/** No text begins like this, so it is gzip though nobody says so: a header is easily lost on the way. */
function isGzip([first, second]: Uint8Array): boolean {
  return first === 0x1f && second === 0x8b;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function charsetOf(contentType = ''): string | undefined {
  const [, quoted, bare] = /;\s*charset\s*=\s*(?:["']([^"']*)["']|([^\s;,"']+))/i.exec(contentType) ?? [];
  return (quoted ?? bare)?.trim().toLowerCase() || undefined;
}

function isCharset(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

function decodeText(bytes: Uint8Array, declared: string | undefined): ReadResult<string> {
  const label = markedCharset(bytes) ?? knownCharset(bytes, declared) ?? 'utf-8';
  try {
    return { ok: true, value: new TextDecoder(label, { fatal: true }).decode(bytes) };
  } catch {
    return notDecodable(label, declared);
  }
}

function notDecodable(label: string, declared: string | undefined): { ok: false; fault: ReadFault } {
  if (label !== 'utf-8') return readFault('invalid-charset', `the body is not ${shown(label)}`);
  if (declared === undefined || isCharset(declared)) {
    return readFault('invalid-utf8', 'the body is not UTF-8, and no other charset is declared');
  }
  return readFault('invalid-utf8', `the body is not UTF-8, and its charset ${shown(declared)} is not known`);
}

/** By the byte-order mark, which the decoder skips. */
function markedCharset([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8' : undefined;
}

function knownCharset(bytes: Uint8Array, declared: string | undefined): string | undefined {
  if (declared === undefined || !isCharset(declared)) return undefined;
  // What is more than ASCII is not what it says. The web's decoder would make Windows-1252 of it.
  if (/^(?:us-)?ascii$/.test(declared)) return 'utf-8';
  const { encoding } = new TextDecoder(declared);
  // Without a mark the web takes `utf-16` for little-endian and others for big-endian. JSON begins with ASCII.
  return encoding === 'utf-16le' && bytes[0] === 0 ? 'utf-16be' : encoding;
}

/** Declared names are the sender's text. */
function shown(name: string): string {
  return JSON.stringify(name.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SHOWN_NAME));
}
