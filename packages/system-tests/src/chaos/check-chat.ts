import type { ChaosFacts, ChatPost, FaultRecord, SentMessage } from './facts.ts';
import { type Piece, readPost, readWords } from './messages.ts';

/** One post beyond the first of the same piece. */
interface Repeat {
  readonly messageId: string;
  readonly piece: string;
  readonly firstAtMs: number;
  readonly atMs: number;
  /** What was broken then, or shortly before. */
  readonly nearby: readonly string[];
}

export interface LostMessage {
  readonly messageId: string;
  readonly missing: string;
}

export interface ChatVerdict {
  /** Those of the SDK aside, which can be killed before. */
  readonly notAccepted: readonly string[];
  readonly lost: readonly LostMessage[];
  /** Nothing that is sent here deserves it. */
  readonly parked: readonly string[];
  /** Messages whose picture is only told of, though GroupMe was within reach. */
  readonly picturesMissing: readonly string[];
  readonly outOfOrder: readonly string[];
  readonly interleaved: readonly string[];
  /** Posts beyond the first. A message that its producer had to send again is no excuse: its id is the same. */
  readonly repeats: readonly Repeat[];
  readonly unexplainedPosts: readonly string[];
}

interface ReadPost {
  readonly post: ChatPost;
  readonly piece: Piece;
  /** Names the piece: the same for a repeat. */
  readonly name: string;
}

/** How long a fault may have its consequences. */
const AFTERMATH_MS = 20_000;
const SHOWN_NAMES = 4;

/** Judges what is in the chat. */
export function checkChat(facts: ChaosFacts): ChatVerdict {
  const byNumber = new Map(facts.messages.map((message) => [message.number, message]));
  const unexplainedPosts: string[] = [];
  const posts: ReadPost[] = [];
  for (const post of facts.chat) {
    const piece = readPost(post);
    if (piece === undefined || !byNumber.has(piece.message))
      unexplainedPosts.push(post.text ?? post.pictureUrl ?? '');
    else posts.push({ post, piece, name: nameOf(piece) });
  }

  const occurrences = new Map<string, ReadPost[]>();
  for (const read of posts) {
    const key = `${read.piece.message} ${read.name}`;
    const known = occurrences.get(key);
    if (known === undefined) occurrences.set(key, [read]);
    else known.push(read);
  }
  const firsts = [...occurrences.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  return {
    notAccepted: facts.messages
      .filter(({ acceptedAtMs, sdk }) => acceptedAtMs === null && sdk === undefined)
      .map(({ id }) => id),
    lost: findLost(facts, firsts),
    parked: [...new Set(facts.parked.map(({ messageId }) => messageId))],
    picturesMissing: findPicturesMissing(firsts, byNumber, facts.faults),
    outOfOrder: [...findSwappedParts(firsts, byNumber), ...findSwappedMessages(firsts, byNumber)],
    // Nobody keeps the SDK from posting while the relay does.
    interleaved: findInterleaved(
      firsts.filter(({ post }) => post.by === 'relay'),
      byNumber,
    ),
    repeats: findRepeats(occurrences.values(), byNumber, facts.faults),
    unexplainedPosts,
  };
}

function nameOf(piece: Piece): string {
  return piece.kind === 'text' ? `words ${piece.words.join(',')}` : piece.kind;
}

function findLost(facts: ChaosFacts, firsts: readonly ReadPost[]): LostMessage[] {
  const parkedWords = new Set<string>();
  const parkedIds = new Set(facts.parked.map(({ messageId }) => messageId));
  for (const { body } of facts.parked) {
    for (const { message, word } of readWords(body)) parkedWords.add(`${message} ${word}`);
  }
  const words = new Set<string>();
  const pictures = new Set<number>();
  for (const { piece } of firsts) {
    if (piece.kind === 'text') for (const word of piece.words) words.add(`${piece.message} ${word}`);
    else pictures.add(piece.message);
  }
  const lost: LostMessage[] = [];
  for (const message of facts.messages) {
    if (message.acceptedAtMs === null) continue;
    const missing = Array.from({ length: message.words }, (_, word) => `${message.number} ${word}`).filter(
      (word) => !words.has(word) && !parkedWords.has(word),
    ).length;
    const pictureMissing = message.hasPicture && !pictures.has(message.number) && !parkedIds.has(message.id);
    if (missing > 0) lost.push({ messageId: message.id, missing: `${missing} of ${message.words} words` });
    else if (pictureMissing) lost.push({ messageId: message.id, missing: 'the picture, or word of it' });
  }
  return lost;
}

/** A picture that could not be uploaded is told of in the chat. Here only the way to GroupMe is ever in the way. */
function findPicturesMissing(
  firsts: readonly ReadPost[],
  byNumber: ReadonlyMap<number, SentMessage>,
  faults: readonly FaultRecord[],
): string[] {
  const ways = faults.filter(({ kind, target }) => kind === 'network' && target === 'groupme');
  return firsts
    .filter(({ piece }) => piece.kind === 'notice')
    .filter(({ piece, post }) => {
      const acceptedAtMs = byNumber.get(piece.message)?.acceptedAtMs ?? post.atMs;
      return !ways.some(({ startMs, endMs }) => startMs <= post.atMs && endMs >= acceptedAtMs - AFTERMATH_MS);
    })
    .map(({ piece }) => byNumber.get(piece.message)?.id ?? '');
}

/** The order within a message: words rise, what belongs to the picture comes last. */
function findSwappedParts(firsts: readonly ReadPost[], byNumber: ReadonlyMap<number, SentMessage>): string[] {
  const lastPlace = new Map<number, number>();
  const swapped = new Set<number>();
  for (const { piece } of firsts) {
    const places = piece.kind === 'text' ? piece.words : [Number.POSITIVE_INFINITY];
    for (const place of places) {
      if (place < (lastPlace.get(piece.message) ?? -1)) swapped.add(piece.message);
      lastPlace.set(piece.message, place);
    }
  }
  return [...swapped].map((number) => `${byNumber.get(number)?.id}: its parts are swapped`);
}

/** The order within a source; what is urgent may pass what is not. The SDK promises less. */
function findSwappedMessages(
  firsts: readonly ReadPost[],
  byNumber: ReadonlyMap<number, SentMessage>,
): string[] {
  const latest = new Map<string, SentMessage>();
  const seen = new Set<number>();
  const swapped: string[] = [];
  for (const { piece } of firsts) {
    const message = byNumber.get(piece.message);
    if (message === undefined || message.sdk !== undefined || seen.has(message.number)) continue;
    seen.add(message.number);
    const lane = `${message.source} ${message.urgent}`;
    const before = latest.get(lane);
    if (before !== undefined && before.number > message.number) {
      swapped.push(`${message.id} of ${message.source} came after ${before.id}`);
    } else {
      latest.set(lane, message);
    }
  }
  return swapped;
}

/** Once repeats are left out, the pieces of a message must be neighbours. */
function findInterleaved(firsts: readonly ReadPost[], byNumber: ReadonlyMap<number, SentMessage>): string[] {
  const lastPlace = new Map<number, number>();
  const between = new Map<number, Set<number>>();
  for (const [place, { piece }] of firsts.entries()) {
    const from = (lastPlace.get(piece.message) ?? place - 1) + 1;
    lastPlace.set(piece.message, place);
    if (from === place) continue;
    const others = between.get(piece.message) ?? new Set();
    for (const other of firsts.slice(from, place)) others.add(other.piece.message);
    between.set(piece.message, others);
  }
  return [...between].map(([number, others]) => {
    const names = [...others].map((other) => {
      const message = byNumber.get(other);
      return `${message?.id}${message?.urgent ? ' (urgent)' : ''}`;
    });
    const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
    return `${byNumber.get(number)?.id}, with ${names.slice(0, SHOWN_NAMES).join(', ')}${more} in between`;
  });
}

function findRepeats(
  occurrences: Iterable<readonly ReadPost[]>,
  byNumber: ReadonlyMap<number, SentMessage>,
  faults: readonly FaultRecord[],
): Repeat[] {
  const repeats: Repeat[] = [];
  for (const [first, ...others] of occurrences) {
    if (first === undefined) continue;
    const message = byNumber.get(first.piece.message);
    for (const [index, { post, name }] of others.entries()) {
      const before = (index === 0 ? first : others[index - 1])?.post.atMs ?? first.post.atMs;
      repeats.push({
        messageId: message?.id ?? '',
        piece: name,
        firstAtMs: first.post.atMs,
        atMs: post.atMs,
        nearby: faults
          .filter(({ startMs, endMs }) => startMs <= post.atMs && endMs + AFTERMATH_MS >= before)
          .map(({ number, what }) => `#${number} ${what}`),
      });
    }
  }
  return repeats.sort((a, b) => a.atMs - b.atMs);
}
