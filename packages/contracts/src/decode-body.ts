import {
  brotliDecompressSync,
  constants,
  crc32,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
  zstdDecompressSync,
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
 * Makes text of a body: undoes its compression, then reads it as it shows or says that it is written.
 *
 * What the bytes show counts before what is declared: a JSON object is not compressed, gzip, zlib and Zstandard begin
 * with numbers of their own, and UTF-16 has a byte-order mark or a zero in every other byte. Of the declared, the charset counts
 * that is known. Without one it is UTF-8, strictly: a lenient reader would put U+FFFD in place of what somebody wrote, and
 * nobody would ever know. A charset or an encoding that nobody knows is no reason to keep back what can be read all the same.
 *
 * @param maxInflatedBytes what a compressed body may grow to. Memory never exceeds it by much.
 */
export function decodeBody(body: EncodedBody, maxInflatedBytes = MAX_INFLATED_BYTES): ReadResult<string> {
  const { compressions, charset } = readEncodings(body.contentEncoding);
  const inflated = inflate(body.content, compressions, maxInflatedBytes);
  if (!inflated.ok) return inflated;
  return decodeText(inflated.value, charsetOf(body.contentType) ?? charset);
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
  // What follows a semicolon is from `Accept-Encoding`, for example `gzip;q=1.0`.
  const names = declared.split(',').map((name) => name.replace(/;.*/s, '').trim().toLowerCase());
  const meaningful = names.filter((name) => !IDENTITIES.has(name));
  return {
    compressions: meaningful.filter((name) => encodingOf(name) === undefined).reverse(),
    charset: meaningful.find((name) => encodingOf(name) !== undefined),
  };
}

type Inflate = (bytes: Uint8Array, options: ZlibOptions) => Uint8Array;

const inflaters: ReadonlyMap<string, Inflate> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflateEither],
  ['br', (bytes, { maxOutputLength }) => brotliDecompressSync(bytes, { maxOutputLength })],
  ['zstd', unzstd],
]);

/** Bytes behind the end, for example a line break, are none of its business. */
function gunzip(bytes: Uint8Array, options: ZlibOptions): Uint8Array {
  try {
    return gunzipSync(bytes, options);
  } catch (error) {
    const first = isTooLarge(error) ? undefined : gunzipFirst(Buffer.from(bytes), options);
    if (first === undefined) throw error;
    return first;
  }
}

/** What the first member holds, if its checksum says so: Node's own function fails for what stands behind it. */
function gunzipFirst(bytes: Buffer, options: ZlibOptions): Uint8Array | undefined {
  const start = gzipHeaderLength(bytes);
  // Node's types know nothing of `info`.
  const { buffer, engine } = inflateRawSync(bytes.subarray(start), {
    ...options,
    info: true,
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  const end = start + engine.bytesWritten;
  return end + 4 <= bytes.length && crc32(buffer) === bytes.readUInt32LE(end) ? buffer : undefined;
}

/** RFC 1952, 2.3. */
function gzipHeaderLength(bytes: Buffer): number {
  const flags = bytes[3] ?? 0;
  let length = 10;
  if (flags & 4) length += 2 + bytes.readUInt16LE(length);
  // A file's name and a comment, each ended by a NUL.
  if (flags & 8) length = bytes.indexOf(0, length) + 1;
  if (flags & 16) length = bytes.indexOf(0, length) + 1;
  return flags & 2 ? length + 2 : length;
}

/** HTTP means zlib by `deflate`; some programs send the bare stream. */
function inflateEither(bytes: Uint8Array, options: ZlibOptions): Uint8Array {
  try {
    return inflateSync(bytes, options);
  } catch (error) {
    if (isTooLarge(error)) throw error;
    return inflateRawSync(bytes, options);
  }
}

/** As much as RFC 8878 asks of a decoder, 8 MiB: the sender says how much memory its window takes. */
const MAX_ZSTD_WINDOW_LOG = 23;

function unzstd(bytes: Uint8Array, { maxOutputLength }: ZlibOptions): Uint8Array {
  return zstdDecompressSync(bytes, {
    maxOutputLength,
    params: { [constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG },
  });
}

function inflate(
  content: Uint8Array,
  declared: readonly string[],
  maxOutputLength: number,
): ReadResult<Uint8Array> {
  let bytes = content;
  for (let round = 0; !isJsonObject(bytes); round += 1) {
    const name = shownCompression(bytes) ?? declared[round];
    if (name === undefined) break;
    if (round === MAX_ENCODINGS) {
      return readFault('unknown-encoding', `the body is encoded more than ${MAX_ENCODINGS} times`);
    }
    const inflater = inflaters.get(name);
    if (!inflater) return readFault('unknown-encoding', `the content encoding ${shown(name)} is not known`);
    try {
      bytes = inflater(bytes, { maxOutputLength });
    } catch (error) {
      if (isTooLarge(error)) {
        return readFault('too-large', `the body is larger than ${maxOutputLength} bytes when decompressed`);
      }
      return readFault('invalid-encoding', `the body says that it is ${name}, and it is not`);
    }
  }
  return { ok: true, value: bytes };
}

/** A text editor puts no more blanks in front. */
const MAX_LOOKED_AT = 4_096;

/**
 * Blanks, control characters, zeros of UTF-16 and the bytes of byte-order marks may stand before an object, and the bracket
 * or the quote of what it is wrapped in.
 */
const OBJECT = /^[\x00-\x20\xef\xbb\xbf\xfe\xff]*(?:[["][\x00-\x20]*)*\{[\x00-\x20]*\\?["}]/;

/**
 * Whether it is a JSON object as it stands. A header is left behind by a proxy that decompresses, or means nothing; no
 * compression that we know makes bytes that begin like this.
 */
function isJsonObject(bytes: Uint8Array): boolean {
  return OBJECT.test(Buffer.from(bytes.subarray(0, MAX_LOOKED_AT)).toString('latin1'));
}

/** No JSON begins like this, so it is compressed though nobody says so, or says otherwise: a header is easily lost. */
function shownCompression([first = 0, second = 0, third, fourth]: Uint8Array): string | undefined {
  if (first === 0x1f && second === 0x8b) return 'gzip';
  // RFC 1950, 2.2.
  if (first === 0x78 && (first * 256 + second) % 31 === 0) return 'deflate';
  return first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd ? 'zstd' : undefined;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function charsetOf(contentType = ''): string | undefined {
  const [, quoted, bare] =
    /(?:^|[;,\s])charset\s*[=:]\s*(?:["']([^"']*)["']|([^\s;,"']+))/i.exec(contentType) ?? [];
  return (quoted ?? bare)?.trim().toLowerCase() || undefined;
}

/** The web's name of a charset, also from Python's and Java's spellings: `latin_1`, `ISO8859_1`, `UTF_16LE`, `cp-1252`. */
function encodingOf(declared: string): string | undefined {
  const bare = declared.replace(/[^a-z0-9]/g, '');
  // The web's decoder would make Windows-1252 of it. What is more than ASCII is not what it says.
  if (/^(?:us)?ascii$|^ansix34/.test(bare)) return 'utf-8';
  const spellings = [declared, declared.replaceAll('_', '-'), bare.replace(/^windows/, 'cp')];
  return [...spellings, bare.replace(/^utf16/, 'utf-16')]
    .map(webEncodingOf)
    .find((name) => name !== undefined);
}

function webEncodingOf(label: string): string | undefined {
  try {
    const { encoding } = new TextDecoder(label);
    // It makes private characters of all that is not ASCII.
    return encoding === 'x-user-defined' ? undefined : encoding;
  } catch {
    return undefined;
  }
}

/** Charsets that nobody here reads, and that write everything in the bytes of ASCII: they would pass for UTF-8. */
const IN_ASCII_BYTES = /^(?:.*utf-?7.*|hz.*|iso-2022-(?:kr|cn).*)$/;
/** By one of these they begin what is not ASCII. */
const SHIFT = /[+&~\x0e\x1b]/;

function decodeText(bytes: Uint8Array, declared: string | undefined): ReadResult<string> {
  const known = declared === undefined ? undefined : encodingOf(declared);
  const label = shownCharset(bytes) ?? (isNotSo(known, bytes) ? 'utf-8' : known) ?? 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return notDecodable(label, known === undefined ? declared : undefined);
  }
  if (declared !== undefined && IN_ASCII_BYTES.test(declared) && SHIFT.test(text)) {
    return readFault('invalid-charset', `the charset ${shown(declared)} is not known`);
  }
  return { ok: true, value: text };
}

/** In UTF-16 each of the characters that an object begins with has a zero. */
function isNotSo(charset: string | undefined, bytes: Uint8Array): boolean {
  return charset?.startsWith('utf-16') === true && isJsonObject(bytes);
}

function notDecodable(label: string, unknown: string | undefined): { ok: false; fault: ReadFault } {
  if (label !== 'utf-8') return readFault('invalid-charset', `the body is not ${shown(label)}`);
  if (unknown === undefined) {
    return readFault('invalid-utf8', 'the body is not UTF-8, and no other charset is declared');
  }
  return readFault('invalid-utf8', `the body is not UTF-8, and its charset ${shown(unknown)} is not known`);
}

/** By the byte-order mark, which the decoder skips, or by the zeros of UTF-16: JSON begins with ASCII. */
function shownCharset([first, second, third, fourth]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first && second === 0 && third && fourth === 0) return 'utf-16le';
  return first === 0 && second && third === 0 && fourth ? 'utf-16be' : undefined;
}

/** Declared names are the sender's text. */
function shown(name: string): string {
  return JSON.stringify(name.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SHOWN_NAME));
}
