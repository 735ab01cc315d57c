import type { ChaosFacts, ChatPost, SentMessage } from './facts.ts';
import { makeBody, makeMessageId } from './messages.ts';

// A small run in which everything went well, to be spoilt by the checker's tests.

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const WORDS_PER_PART = 4;

/** Five messages of two sources; the second has three parts, the third a picture. */
export function makeSyntheticFacts(): ChaosFacts & { chat: ChatPost[] } {
  const messages = [
    makeMessage(1, 'ups', 4),
    makeMessage(2, 'web', 12),
    makeMessage(3, 'ups', 3, true),
    makeMessage(4, 'web', 2),
    makeMessage(5, 'ups', 2),
  ];
  const chat: ChatPost[] = [];
  for (const message of messages) {
    const words = makeBody(message.number, message.words).split(' ');
    for (let from = 0; from < words.length; from += WORDS_PER_PART) {
      chat.push(makePost(chat.length, `"${words.slice(from, from + WORDS_PER_PART).join(' ')}"`, null));
    }
    if (message.hasPicture) {
      const address = `http://127.0.0.1/${message.number + 1}x1.png.${'a'.repeat(32)}`;
      chat.push(makePost(chat.length, null, address));
    }
  }
  return {
    messages,
    chat,
    parked: [],
    postCalls: chat.map((post) => ({
      key: keyOf(post),
      atMs: post.atMs,
      status: 202,
      fault: null,
      accepted: true,
    })),
    uploadCalls: [{ key: 'abc', atMs: START_MS, status: 200, fault: null, accepted: false }],
    postRows: chat.map((post) => makeRow(keyOf(post), post.atMs - 1, 202)),
    ownCalls: [],
    ownRows: [],
    expiredIds: [],
    spoolsLeft: [],
    imageRows: [makeRow('abc', START_MS - 1, 200)],
    callbacks: [
      ...chat.map(({ chatId }) => ({ chatId, fromBot: true, delivered: true })),
      { chatId: 'member-1', fromBot: false, delivered: true },
    ],
    echoRows: chat.map(({ chatId }) => chatId),
    callbackRows: ['member-1'],
    auditRejected: 0,
    auditParked: 0,
    queuesLeft: {},
    faults: [],
    exits: [],
    memory: [],
    notReady: [],
  };
}

function keyOf(post: ChatPost): string {
  return post.text ?? `[${post.pictureUrl}]`;
}

function makeMessage(number: number, source: string, words: number, hasPicture = false): SentMessage {
  const id = makeMessageId(number, 'run');
  return { number, id, source, urgent: false, words, hasPicture, acceptedAtMs: START_MS + number };
}

function makePost(index: number, text: string | null, pictureUrl: string | null): ChatPost {
  return { chatId: `chat-${index}`, text, pictureUrl, atMs: START_MS + index * 1_000, by: 'relay' };
}

function makeRow(key: string, sentAtMs: number, code: number) {
  return {
    key,
    messageId: 'some-id',
    part: 1,
    attempt: 1,
    sentAtMs,
    durationMs: 3,
    code,
    outcome: code === 0 ? 'unknown' : 'delivered',
  };
}
