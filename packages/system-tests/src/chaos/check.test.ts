import { describe, expect, it } from 'vitest';
import { checkFacts } from './check.ts';
import type { CallRow, ChaosFacts, ChatPost, FaultRecord } from './facts.ts';
import { makeMessageId } from './messages.ts';
import { makeSyntheticFacts } from './synthetic-facts.testing.ts';

const EVIDENCE = { evidence: true };
const NO_EVIDENCE = { evidence: false };

function judge(change: Partial<ChaosFacts>, limits: { evidence: boolean; allowRepeats?: number } = EVIDENCE) {
  return checkFacts({ ...makeSyntheticFacts(), ...change }, limits);
}

/** The chat with its posts in this order; a number twice is a repeat. */
function chatInOrder(...order: number[]): ChatPost[] {
  const { chat } = makeSyntheticFacts();
  return order.map((index, place) => {
    const post = chat[index];
    if (post === undefined) throw new RangeError(`there is no post ${index}`);
    return { ...post, atMs: (chat[0]?.atMs ?? 0) + place * 1_000 };
  });
}

function relayKill(startMs: number): FaultRecord {
  return {
    number: 1,
    what: 'kill -9 relay-a',
    kind: 'kill',
    target: 'relay-a',
    startMs,
    endMs: startMs + 500,
  };
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

describe('the audit of calls', () => {
  const { postCalls, postRows, uploadCalls } = makeSyntheticFacts();
  const callAtMs = postCalls[3]?.atMs ?? 0;
  const withoutRow = postRows.filter((_row, index) => index !== 3);

  it('misses a row, kill or not: the relay that takes over tells of the call', () => {
    for (const faults of [[], [relayKill(callAtMs + 100)]]) {
      const verdict = judge({ postRows: withoutRow, faults });
      expect(verdict.audit.posts.unexplained).toHaveLength(1);
      expect(verdict.failures).toEqual(['1 posts without a row']);
    }
  });

  it('finds a doubled row', () => {
    const [row] = postRows;
    const doubled = [...postRows, ...(row === undefined ? [] : [{ ...row }])];
    expect(judge({ postRows: doubled }).failures).toEqual(['1 rows of posts beyond one']);
  });

  it('finds a row that no call answers to, unless it says itself that no answer came', () => {
    const row = (code: number): CallRow => ({
      key: '"k1w0 k1w1 k1w2 k1w3"',
      messageId: makeMessageId(1, 'run'),
      part: 1,
      attempt: 9,
      sentAtMs: callAtMs,
      durationMs: 5,
      code,
      outcome: code === 0 ? 'unreachable' : 'delivered',
    });
    expect(judge({ postRows: [...postRows, row(202)] }).failures).toEqual([
      '1 rows of posts that were never made',
    ]);
    const cut: FaultRecord = { ...relayKill(callAtMs - 100), kind: 'network', target: 'groupme' };
    const verdict = judge({ postRows: [...postRows, row(0)], faults: [cut] });
    expect(verdict.failures).toEqual([]);
    expect(verdict.audit.posts.neverArrived).toBe(1);
    expect(judge({ postRows: [...postRows, row(0)] }).failures).toEqual([
      '1 rows of posts without a call, and nothing was in its way',
    ]);
  });

  it('takes the row of a call that a killed relay announced and never made', () => {
    const [first] = postRows;
    if (first === undefined) throw new Error('no rows');
    const untold = { ...first, attempt: 2, durationMs: 0, code: 0, outcome: 'unknown' };
    const rows = [...postRows, untold];
    expect(judge({ postRows: rows, faults: [relayKill(first.sentAtMs + 10)] }).failures).toEqual([]);
    expect(judge({ postRows: rows, faults: [relayKill(first.sentAtMs + 60_000)] }).failures).toHaveLength(1);
  });

  it('takes what a producer posted by itself for the proof of a call that a killed relay announced and never made', () => {
    const [first] = postRows;
    if (first === undefined) throw new Error('no rows');
    const key = 'said by the producer itself';
    const proved: CallRow = {
      ...first,
      key,
      messageId: 'of the SDK',
      durationMs: 0,
      code: 0,
      outcome: 'delivered',
    };
    const ownCalls = [{ key, atMs: first.sentAtMs + 9_000, status: 202, fault: null, accepted: true }];
    const ownRows = [
      { ...proved, sentAtMs: first.sentAtMs + 9_000, durationMs: 10, code: 202, outcome: 'already-sent' },
    ];
    const facts = { postRows: [...postRows, proved], ownCalls, ownRows };
    const faults = [relayKill(first.sentAtMs + 10)];
    expect(judge({ ...facts, faults }).failures).toEqual([]);
    expect(judge(facts).failures).toEqual(['1 rows of posts without a call, and nothing was in its way']);
    const rowAlone = { postRows: facts.postRows, faults };
    expect(judge(rowAlone).failures).toEqual(['1 rows of posts that were never made']);
  });

  it('takes the row of an unanswered call for that call, not for the answered one', () => {
    const [call] = postCalls;
    const [row] = postRows;
    if (call === undefined || row === undefined) throw new Error('no calls');
    const hung = { ...call, atMs: call.atMs - 12_000, status: null, fault: 'hang' };
    const rowOfHung = {
      ...row,
      sentAtMs: row.sentAtMs - 12_000,
      durationMs: 10_000,
      code: 0,
      outcome: 'unknown',
    };
    expect(judge({ postCalls: [hung, ...postCalls], postRows: [...postRows, rowOfHung] }).failures).toEqual(
      [],
    );
    expect(judge({ postCalls: [hung, ...postCalls] }).failures).toHaveLength(1);
  });

  it('takes the row of an unanswered call for that call, not one that never arrived shortly before', () => {
    const [call, ...calls] = postCalls;
    const [row, ...rows] = postRows;
    if (call === undefined || row === undefined) throw new Error('no calls');
    const cut = { ...call, status: null, fault: 'accept-then-reset' };
    const rowOfCut = { ...row, attempt: 2, code: 0, outcome: 'delivered' };
    const way: FaultRecord = { ...relayKill(row.sentAtMs - 3_000), kind: 'network', target: 'groupme' };
    for (const outcome of ['unreachable', 'unknown']) {
      const before = { ...row, sentAtMs: row.sentAtMs - 2_500, code: 0, outcome };
      const postRows = [before, rowOfCut, ...rows];
      const verdict = judge({ postCalls: [cut, ...calls], postRows, faults: [way] });
      expect(verdict.failures).toEqual([]);
      expect(verdict.audit.posts.neverArrived).toBe(1);
    }
  });

  it('takes the row of a settled doubt for the call of a relay that was killed, whenever that was', () => {
    const [, , , row] = postRows;
    if (row === undefined) throw new Error('no rows');
    const settled = { ...row, sentAtMs: row.sentAtMs - 60_000, durationMs: 0, code: 0, outcome: 'delivered' };
    expect(judge({ postRows: [...withoutRow, settled] }).failures).toEqual([]);
    expect(judge({ postRows: [...postRows, settled] }).failures).toEqual([
      '1 rows of posts that were never made',
    ]);
  });

  it('covers uploads of pictures, whose row a kill of a relay may cost', () => {
    const atMs = uploadCalls[0]?.atMs ?? 0;
    expect(judge({ imageRows: [] }).failures).toEqual(['1 uploads without a row']);
    expect(judge({ imageRows: [], faults: [relayKill(atMs + 60_000)] }).failures).toHaveLength(1);
    expect(judge({ imageRows: [], faults: [relayKill(atMs + 2_000)] }).failures).toEqual([]);
    // Longer while the broker was out of reach.
    const away: FaultRecord = {
      ...relayKill(atMs + 1_000),
      kind: 'broker',
      target: 'broker',
      endMs: atMs + 30_000,
    };
    const faults = [away, relayKill(atMs + 40_000)];
    expect(judge({ imageRows: [], faults }).failures).toEqual([]);
  });

  it('excuses a few uploads for one kill', () => {
    const [upload] = uploadCalls;
    if (upload === undefined) throw new Error('no uploads');
    const uploads = Array.from({ length: 9 }, (_, index) => ({ ...upload, key: `sha-${index}` }));
    const verdict = judge({ uploadCalls: uploads, imageRows: [], faults: [relayKill(upload.atMs + 100)] });
    expect(verdict.failures).toEqual(['1 uploads without a row']);
  });
});

describe('the audit of callbacks', () => {
  const { callbacks, echoRows } = makeSyntheticFacts();

  it('misses an echo, and a member’s message', () => {
    expect(judge({ echoRows: echoRows.slice(1) }).audit.callbacks.missing).toEqual(['chat-0']);
    expect(judge({ callbackRows: [] }).failures).toEqual(['1 callbacks without a row']);
  });

  it('finds a doubled row', () => {
    expect(judge({ echoRows: [...echoRows, 'chat-0'] }).failures).toEqual([
      '1 callbacks with more than one row',
    ]);
  });

  it('finds a row of a callback that was never sent', () => {
    expect(judge({ echoRows: [...echoRows, 'chat-99'] }).failures).toEqual([
      '1 rows of callbacks that were never sent',
    ]);
  });

  it('asks for no row of a callback that was lost, and allows one', () => {
    const lost = callbacks.map((callback) =>
      callback.chatId === 'chat-0' ? { ...callback, delivered: false } : callback,
    );
    expect(judge({ callbacks: lost, echoRows: echoRows.slice(1) }).failures).toEqual([]);
    expect(judge({ callbacks: lost }).failures).toEqual([]);
  });
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
