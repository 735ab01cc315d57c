import { describe, expect, it } from 'vitest';
import { createLedger, type LedgerPart, type ShownPost } from './ledger.ts';

const T0 = Date.now();

function part(overrides: Partial<LedgerPart> = {}): LedgerPart {
  return {
    planId: 'plan-a',
    messageId: 'a',
    source: 'x',
    part: 1,
    parts: 3,
    text: 'hello',
    pictureUrl: undefined,
    ...overrides,
  };
}

function shown(overrides: Partial<ShownPost> = {}): ShownPost {
  return { id: '1', text: 'hello', pictureUrl: undefined, createdAtMs: T0, ...overrides };
}

describe('ledger', () => {
  it('takes a post in the chat as proof of the part with the same text and picture', () => {
    const ledger = createLedger();
    const entry = ledger.open(part(), T0);
    ledger.saw(shown({ text: 'hello ' }), 'echo');
    expect(entry.shownAs).toBe('1');
  });

  it.each([
    ['another text', shown({ text: 'hallo' })],
    ['another picture', shown({ pictureUrl: 'https://i.example/1' })],
    ['a post from before', shown({ createdAtMs: T0 - 6_000 })],
    ['a post from long after', shown({ createdAtMs: T0 + 11 * 60_000 })],
  ])('does not take %s for it', (_what, post) => {
    const ledger = createLedger();
    const entry = ledger.open(part(), T0);
    ledger.saw(post, 'echo');
    expect(entry.shownAs).toBeUndefined();
  });

  it('lets one post prove one part only, the older first', () => {
    const ledger = createLedger();
    const first = ledger.open(part({ messageId: 'a' }), T0);
    const second = ledger.open(part({ messageId: 'b' }), T0 + 100);
    ledger.saw(shown({ id: '1' }), 'echo');
    ledger.saw(shown({ id: '1' }), 'read-back');
    expect([first.shownAs, second.shownAs]).toEqual(['1', undefined]);
    ledger.saw(shown({ id: '2' }), 'read-back');
    expect(second.shownAs).toBe('2');
  });

  it('remembers proof that came before the doubt', () => {
    const ledger = createLedger();
    ledger.saw(shown(), 'echo');
    expect(ledger.suspect(part(), T0 - 60_000).shownAs).toBe('1');
    // And gives it away once.
    expect(ledger.suspect(part({ messageId: 'b' }), T0 - 60_000).shownAs).toBeUndefined();
  });

  it('does not prove a fresh post by one that was there before', () => {
    const ledger = createLedger();
    ledger.saw(shown(), 'echo');
    expect(ledger.open(part(), T0).shownAs).toBeUndefined();
  });

  it('counts delivered parts from the first without a gap', () => {
    const ledger = createLedger();
    const parts = [{ text: 'one' }, { text: 'two' }, { text: 'three' }];
    const deliver = (number: number) => {
      ledger.open(part({ part: number, text: parts[number - 1]?.text ?? '' }), T0).delivered = true;
    };
    deliver(1);
    deliver(3);
    expect(ledger.equalPartsDelivered('a', parts)).toBe(1);
    deliver(2);
    expect(ledger.equalPartsDelivered('a', parts)).toBe(3);
    expect(ledger.equalPartsDelivered('b', parts)).toBe(0);
    expect(ledger.equalPartsDelivered('a', [{ text: 'other' }])).toBe(0);
  });

  it('knows the parts of a plan by their numbers, whatever a second copy of it looks like', () => {
    const ledger = createLedger();
    ledger.open(part({ part: 1, text: 'one' }), T0).delivered = true;
    ledger.record(part({ part: 2, text: '', pictureUrl: 'https://i.example/1' }), {
      sentAtMs: T0 + 1,
      attempt: 1,
      delivered: true,
      doubtful: false,
    });
    ledger.open(part({ part: 3, text: 'three' }), T0 + 2);
    const parts = [{ text: 'one' }, { text: '', picture_url: 'https://i.example/2' }, { text: 'three' }];
    expect(ledger.partsDelivered({ planId: 'plan-a', parts })).toBe(2);
    expect(ledger.partsDelivered({ planId: 'plan-b', parts })).toBe(0);
  });

  it('knows a message that is half in the chat, going by the newest post', () => {
    const ledger = createLedger();
    expect(ledger.unfinished()).toBeUndefined();
    ledger.open(part({ part: 1, text: 'one' }), T0).delivered = true;
    ledger.open(part({ part: 2, text: 'two' }), T0 + 1);
    expect(ledger.unfinished()).toBe('a');
    ledger.open(part({ messageId: 'b', parts: 1 }), T0 + 2).delivered = true;
    expect(ledger.unfinished()).toBeUndefined();
  });

  it('counts calls, its own and those that it must reckon with', () => {
    const ledger = createLedger();
    const call = { sentAtMs: T0, attempt: 2, delivered: false, doubtful: false };
    ledger.record(part(), call);
    ledger.record(part(), call);
    expect(ledger.suspect(part(), T0).attempts).toBe(3);
    expect(ledger.open(part(), T0 + 1).attempts).toBe(4);
    // A call that is logged as doubtful is that call itself.
    ledger.record(part({ messageId: 'b' }), { ...call, attempt: 1, doubtful: true });
    expect(ledger.suspect(part({ messageId: 'b' }), T0).attempts).toBe(1);
    // Behind it there may be one more that nobody has told of: its number is left out.
    expect(ledger.open(part({ messageId: 'b' }), T0 + 2).attempts).toBe(3);
  });

  it('opens a new entry for the same part once it is delivered: sent twice on purpose', () => {
    const ledger = createLedger();
    const first = ledger.open(part(), T0);
    first.delivered = true;
    const second = ledger.open(part(), T0 + 1_000);
    expect(second).not.toBe(first);
    expect(ledger.unproved()).toEqual([first]);
  });

  it('knows when echoes come at all', () => {
    const ledger = createLedger();
    ledger.saw(shown(), 'read-back');
    expect(ledger.lastEchoAtMs).toBeUndefined();
    ledger.saw(shown(), 'echo');
    expect(ledger.lastEchoAtMs).toBe(T0);
  });
});
