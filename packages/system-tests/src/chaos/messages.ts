import { createHash, randomUUID } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

// Every word of every text is unique, so that a post tells by itself which piece of which message it is,
// whatever was cut, lost, repeated or mixed up on the way.

/** One post of the chat, read. A picture and what is said in place of one are pieces, too. */
export type Piece =
  | { readonly kind: 'text'; readonly message: number; readonly words: readonly number[] }
  | { readonly kind: 'picture'; readonly message: number }
  | { readonly kind: 'notice'; readonly message: number };

/** Numbers the messages of a run, whoever sends them, and gives each its id. */
export type Numbering = () => { readonly number: number; readonly id: string };

/** Ids differ from run to run; nothing in the schedule hangs on them. */
export function createNumbering(): Numbering {
  const run = randomUUID().slice(0, 8);
  let number = 0;
  return () => {
    number += 1;
    return { number, id: makeMessageId(number, run) };
  };
}

/** A UUID, of which the chat shows the first eight digits. Each run has its own last twelve. */
export function makeMessageId(message: number, run: string): string {
  const node = createHash('sha256').update(run).digest('hex').slice(0, 12);
  return `${String(message).padStart(8, '0')}-0000-4000-8000-${node}`;
}

export function makeBody(message: number, words: number): string {
  return Array.from({ length: words }, (_, index) => `k${message}w${index}`).join(' ');
}

/** Where the message's picture is to be fetched from. */
export function makePicturePath(message: number): string {
  return `/pictures/${message}.png`;
}

const PICTURE_WIDTHS = 1_000;

/** A PNG whose size names the message: GroupMe puts it into the picture's address. */
export function makePicture(message: number): Buffer {
  const width = 1 + (message % PICTURE_WIDTHS);
  const height = 1 + Math.floor(message / PICTURE_WIDTHS);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits of grey; the other three methods have no choice but 0.
  header.writeUInt8(8, 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    makeChunk('IHDR', header),
    makeChunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height))),
    makeChunk('IEND', Buffer.alloc(0)),
  ]);
}

function makeChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** Undefined for a post that no message of ours explains, and for one with words of two. */
export function readPost(post: { text: string | null; pictureUrl: string | null }): Piece | undefined {
  if (post.pictureUrl !== null) {
    const [, width, height] = /\/(\d+)x(\d+)\.png\.[0-9a-f]{32}$/.exec(post.pictureUrl) ?? [];
    if (width === undefined || height === undefined) return undefined;
    return { kind: 'picture', message: (Number(height) - 1) * PICTURE_WIDTHS + Number(width) - 1 };
  }
  const text = post.text ?? '';
  const found = readWords(text);
  const [first] = found;
  if (first !== undefined) {
    if (found.some(({ message }) => message !== first.message)) return undefined;
    return { kind: 'text', message: first.message, words: found.map(({ word }) => word) };
  }
  const [, id] = /---UID---\n(\d{8})\n/.exec(text) ?? [];
  return id === undefined ? undefined : { kind: 'notice', message: Number(id) };
}

/** All words of ours in any text. */
export function readWords(text: string): { message: number; word: number }[] {
  return [...text.matchAll(/\bk(\d+)w(\d+)\b/g)].map(([, message, word]) => ({
    message: Number(message),
    word: Number(word),
  }));
}
