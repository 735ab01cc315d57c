import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { TOKEN } from './token.ts';

/** A body on the wire, and what its sender says that it is. */
export interface Encoded {
  readonly content: Buffer;
  readonly contentEncoding?: string;
  readonly charset?: string;
  /** For people. */
  readonly how: string;
}

type Encode = (text: string) => Omit<Encoded, 'how'>;

const utf8 = (text: string) => Buffer.from(text, 'utf8');
/** What a changed byte must leave as it was: a token under another name may name nothing. */
const KEPT = new RegExp(`${TOKEN.source}|://127\\.0\\.0\\.1:9/|"\\w+":`, 'g');
const KILOBYTE = 1_024;

/** As JSON comes, or nearly. */
const ENCODINGS: Readonly<Record<string, Encode>> = {
  gzip: (text) => ({ content: gzipSync(text), contentEncoding: 'gzip' }),
  'gzip, not said': (text) => ({ content: gzipSync(text) }),
  'gzip said, not done': (text) => ({ content: utf8(text), contentEncoding: 'gzip' }),
  deflate: (text) => ({ content: deflateSync(text), contentEncoding: 'deflate' }),
  'an unknown encoding': (text) => ({ content: utf8(text), contentEncoding: 'x-nothing' }),
  'Latin-1': (text) => ({ content: Buffer.from(text, 'latin1'), charset: 'iso-8859-1' }),
  'Latin-1, not said': (text) => ({ content: Buffer.from(text.replace(' ', ' caf\u00e9 '), 'latin1') }),
  'windows-1252': (text) => ({ content: Buffer.from(text, 'latin1'), charset: 'windows-1252' }),
  'UTF-16': (text) => ({ content: Buffer.from(`\ufeff${text}`, 'utf16le'), charset: 'utf-16' }),
  'UTF-16, not said': (text) => ({ content: Buffer.from(text, 'utf16le') }),
  'an unknown charset': (text) => ({ content: utf8(text), charset: 'x-nothing' }),
  'a byte-order mark': (text) => ({ content: utf8(`\ufeff${text}`) }),
  'NUL behind': (text) => ({ content: utf8(`${text}\0`) }),
  'a line behind': (text) => ({ content: utf8(`${text}\r\n`) }),
  'words behind': (text) => ({ content: utf8(`${text} and more`) }),
  twice: (text) => ({ content: utf8(text + text) }),
  'cut off': (text) => ({ content: utf8(text).subarray(0, -2) }),
  'a broken byte': (text) => ({
    content: Buffer.concat([utf8(text).subarray(0, -1), Buffer.from([0xff, 0x7d])]),
  }),
  'an escape that is none': (text) => ({ content: utf8(text.replace(/ /, ' \\x41 ')) }),
  'a tab in a text': (text) => ({ content: utf8(text.replace(/ /, '\t')) }),
  'single quotes': (text) => ({ content: utf8(text.replaceAll('"', "'")) }),
  'a list of it': (text) => ({ content: utf8(`[${text}]`) }),
  'a text of it': (text) => ({ content: utf8(JSON.stringify(text)) }),
  'in a form': (text) => ({ content: utf8(`payload=${encodeURIComponent(text)}`) }),
  '300 KB': (text) => ({ content: utf8(text + ' '.repeat(300 * KILOBYTE)) }),
  '1.2 MB': (text) => ({ content: utf8(text + ' '.repeat(1_200 * KILOBYTE)) }),
};

/** Bodies that hold nothing, so that something else must name them. */
const HOLLOW = ['', 'null', '[]', '{}', '42', '""', '"words"', 'true', '\0', '{', '\ufeff'];

/** Encodes a text, mostly as it should be. One in ten is hollow and carries no token. */
export function encoded(text: string): fc.Arbitrary<Encoded> {
  const plain: Encoded = { content: utf8(text), how: 'UTF-8' };
  return fc.oneof(
    { weight: 14, arbitrary: fc.constant(plain) },
    {
      weight: 10,
      arbitrary: fc
        .constantFrom(...Object.entries(ENCODINGS))
        .map(([how, encode]) => ({ ...encode(text), how })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })
        .map(({ at, byte }) => flipped(plain, at, byte)),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...HOLLOW)
        .map((body) => ({ content: utf8(body), how: `only ${JSON.stringify(body)}` })),
    },
  );
}

/** One byte changed, where that leaves every token in place. No address may become that of another machine. */
function flipped(plain: Encoded, at: number, byte: number): Encoded {
  const content = Buffer.from(plain.content);
  content[at % Math.max(1, content.length)] = byte;
  const kept = (bytes: Buffer) => bytes.toString('latin1').match(KEPT)?.join();
  return kept(content) === kept(plain.content) ? { content, how: 'one byte changed' } : plain;
}
