import { describe, expect, it } from 'vitest';
import type { CallRow, FaultRecord } from './facts.ts';
import { judge, relayKill } from './judge.testing.ts';
import { makeMessageId } from './messages.ts';
import { makeSyntheticFacts } from './synthetic-facts.testing.ts';

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
