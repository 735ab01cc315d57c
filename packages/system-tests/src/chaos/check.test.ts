import { describe, expect, it } from 'vitest';
import type { ChatPost, FaultRecord } from './facts.ts';
import { judge, relayKill } from './judge.testing.ts';
import { makeMessageId } from './messages.ts';
import { makeSyntheticFacts } from './synthetic-facts.testing.ts';

const EVIDENCE = { evidence: true };
const NO_EVIDENCE = { evidence: false };

/** The chat with its posts in this order; a number twice is a repeat. */
function chatInOrder(...order: number[]): ChatPost[] {
  const { chat } = makeSyntheticFacts();
  return order.map((index, place) => {
    const post = chat[index];
    if (post === undefined) throw new RangeError(`there is no post ${index}`);
    return { ...post, atMs: (chat[0]?.atMs ?? 0) + place * 1_000 };
  });
}

it('passes a run in which everything went well', () => {
  const { failures, chat, audit } = judge({});
  expect(failures).toEqual([]);
  expect(chat).toMatchObject({ lost: [], repeats: [], parked: [], picturesMissing: [] });
  expect(audit.posts).toMatchObject({ calls: 8, rows: 8, neverArrived: 0 });
});

it('fails a run in which nothing was sent', () => {
  expect(judge({ messages: [], chat: [] }).failures).toContain('nothing was sent, so nothing is proved');
});

// Posts 0: message 1; 1, 2, 3: message 2; 4 and its picture 5: message 3; 6: message 4; 7: message 5.
describe('lost', () => {
  it.each([
    ['a whole message', [1, 2, 3, 4, 5, 6, 7], makeMessageId(1, 'run'), '4 of 4 words'],
    ['a part in the middle', [0, 1, 3, 4, 5, 6, 7], makeMessageId(2, 'run'), '4 of 12 words'],
    ['a picture', [0, 1, 2, 3, 4, 6, 7], makeMessageId(3, 'run'), 'the picture, or word of it'],
  ])('is noticed: %s', (_what, order, messageId, missing) => {
    const verdict = judge({ chat: chatInOrder(...order) });
    expect(verdict.chat.lost).toEqual([{ messageId, missing }]);
    expect(verdict.failures).toEqual(['1 messages lost']);
  });

  it('is not what is parked, as far as it is parked', () => {
    const chat = chatInOrder(0, 1, 4, 5, 6, 7);
    const rest = (words: string) => [
      { messageId: makeMessageId(2, 'run'), body: JSON.stringify({ parts: [{ text: words }] }) },
    ];
    const all = 'k2w4 k2w5 k2w6 k2w7 k2w8 k2w9 k2w10 k2w11';
    // And then it is that: none of these messages deserves it.
    expect(judge({ chat, parked: rest(all) }).failures).toEqual(['1 messages parked']);
    expect(judge({ chat, parked: rest('k2w4 k2w5') }).chat.lost).toEqual([
      { messageId: makeMessageId(2, 'run'), missing: '6 of 12 words' },
    ]);
  });

  it('is not a picture that the chat says is missing, when GroupMe was out of reach', () => {
    const chat = chatInOrder(0, 1, 2, 3, 4, 5, 6, 7).map((post) =>
      post.pictureUrl === null
        ? post
        : { ...post, pictureUrl: null, text: 'A media item is missing.\n---UID---\n00000003\n---------' },
    );
    const cut: FaultRecord = {
      ...relayKill((chat[5]?.atMs ?? 0) - 2_000),
      kind: 'network',
      target: 'groupme',
    };
    expect(judge({ chat, faults: [cut] }).failures).toEqual([]);
    expect(judge({ chat }).failures).toEqual(['1 pictures missing without a cause']);
  });

  it('is told from what was never accepted', () => {
    const { messages } = makeSyntheticFacts();
    const unaccepted = messages.map((message) =>
      message.number === 5 ? { ...message, acceptedAtMs: null } : message,
    );
    const verdict = judge({ messages: unaccepted, chat: chatInOrder(0, 1, 2, 3, 4, 5, 6) });
    expect(verdict.failures).toEqual(['1 messages never accepted']);
  });
});

describe('order', () => {
  it.each([
    ['swapped parts', [0, 2, 1, 3, 4, 5, 6, 7], `${makeMessageId(2, 'run')}: its parts are swapped`],
    [
      'a picture before its text',
      [0, 1, 2, 3, 5, 4, 6, 7],
      `${makeMessageId(3, 'run')}: its parts are swapped`,
    ],
    [
      'swapped messages of a source',
      [4, 5, 1, 2, 3, 0, 6, 7],
      `${makeMessageId(1, 'run')} of ups came after ${makeMessageId(3, 'run')}`,
    ],
  ])('is checked: %s', (_what, order, problem) => {
    const verdict = judge({ chat: chatInOrder(...order) });
    expect(verdict.chat.outOfOrder).toEqual([problem]);
    expect(verdict.failures).toEqual(['1 out of order']);
  });

  it('is free between sources, and for what is urgent', () => {
    expect(judge({ chat: chatInOrder(1, 2, 3, 6, 0, 4, 5, 7) }).failures).toEqual([]);
    const { messages } = makeSyntheticFacts();
    const urgent = messages.map((message) => (message.number === 5 ? { ...message, urgent: true } : message));
    expect(judge({ messages: urgent, chat: chatInOrder(7, 0, 1, 2, 3, 4, 5, 6) }).failures).toEqual([]);
  });

  it('is broken by a message in the middle of another', () => {
    const verdict = judge({ chat: chatInOrder(0, 1, 2, 4, 5, 3, 6, 7) });
    expect(verdict.chat.interleaved).toEqual([
      `${makeMessageId(2, 'run')}, with ${makeMessageId(3, 'run')} in between`,
    ]);
    expect(verdict.failures).toEqual(['1 interleaved']);
  });

  it('is not broken by repeats', () => {
    const { failures } = judge(
      { chat: chatInOrder(0, 1, 2, 2, 3, 1, 2, 3, 4, 5, 6, 7) },
      { ...EVIDENCE, allowRepeats: 9 },
    );
    expect(failures).toEqual([]);
  });
});

describe('repeats', () => {
  const chat = chatInOrder(0, 1, 2, 2, 3, 4, 5, 6, 7);
  const kill = relayKill((chat[2]?.atMs ?? 0) + 100);

  it('are counted, with what was broken nearby', () => {
    const verdict = judge({ chat, faults: [kill] });
    expect(verdict.chat.repeats).toMatchObject([
      { messageId: makeMessageId(2, 'run'), piece: 'words 4,5,6,7', nearby: ['#1 kill -9 relay-a'] },
    ]);
    expect(verdict.failures).toEqual(['1 posts repeated, 0 allowed']);
  });

  it('may be as many as kills and doubts when a doubt cannot be settled', () => {
    expect(judge({ chat }, NO_EVIDENCE).failures).toEqual(['1 posts repeated, 0 allowed']);
    expect(judge({ chat, faults: [kill] }, NO_EVIDENCE).failures).toEqual([]);
    const { postCalls } = makeSyntheticFacts();
    const unanswered = postCalls.map((call, index) => (index === 2 ? { ...call, status: null } : call));
    const verdict = judge({ chat, postCalls: unanswered }, NO_EVIDENCE);
    expect(verdict.repeatsAllowed).toBe(1);
  });
});

it('notices posts that nobody sent, or that hold words of two messages', () => {
  const chat = chatInOrder(0, 1, 2, 3, 4, 5, 6, 7);
  const [template] = chat;
  if (template === undefined) throw new Error('the chat is empty');
  const strange = ['hello', '"k1w0 k2w0"', '"k99w0"'].map((text) => ({ ...template, text }));
  expect(judge({ chat: [...chat, ...strange] }).chat.unexplainedPosts).toEqual([
    'hello',
    '"k1w0 k2w0"',
    '"k99w0"',
  ]);
});

it('fails for rejected events, left queues and processes that ended by themselves', () => {
  const exit = { process: 'gateway-1', exitCode: 1, signal: null, atMs: 0, lastLines: [] };
  const { failures } = judge({
    auditRejected: 2,
    auditParked: 1,
    queuesLeft: { 'relay.outbox': 3 },
    exits: [exit],
  });
  expect(failures).toEqual([
    '2 events rejected by the audit',
    '1 events parked by the audit',
    '1 processes ended by themselves',
    '1 queues had not emptied: {"relay.outbox":3}',
  ]);
});
