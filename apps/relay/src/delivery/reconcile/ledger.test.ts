import { describe, expect, it } from 'vitest';
import {
  type CallState,
  createLedger,
  type Ledger,
  type LedgerEntry,
  type LedgerPart,
  type ShownPost,
} from './ledger.ts';

const T0 = Date.now();

function part(overrides: Partial<LedgerPart> = {}): LedgerPart {
  return {
    planId: 'plan-a',
    wborMessageId: 'a',
    source: 'x',
    part: 1,
    parts: 3,
    text: 'hello',
    pictureUrl: undefined,
    ...overrides,
  };
}

let calls = 0;

function call(sentAtMs = T0, attempt = 1) {
  calls += 1;
  return { id: `call-${calls}`, attempt, sentAtMs };
}

/** Enters a call of our own that ended so. */
function make(ledger: Ledger, what: LedgerPart, state: CallState, sentAtMs = T0): LedgerEntry {
  const entry = ledger.begin(what, call(sentAtMs));
  if (state !== 'open') ledger.close(entry, state);
  return entry;
}

function shown(overrides: Partial<ShownPost> = {}): ShownPost {
  return { id: '1', text: 'hello', pictureUrl: undefined, createdAtMs: T0, ...overrides };
}

describe('proof in the chat', () => {
  it('is a post with the same text and picture', () => {
    const ledger = createLedger();
    const entry = ledger.begin(part(), call());
    ledger.observe(shown({ text: 'hello ' }), 'echo');
    expect(entry).toMatchObject({ shownAs: '1', shownVia: 'echo' });
  });

  it.each([
    ['another text', shown({ text: 'hallo' })],
    ['another picture', shown({ pictureUrl: 'https://i.example/1' })],
    ['a post from before', shown({ createdAtMs: T0 - 6_000 })],
    ['a post from long after', shown({ createdAtMs: T0 + 11 * 60_000 })],
  ])('is not %s', (_what, post) => {
    const ledger = createLedger();
    const entry = ledger.begin(part(), call());
    ledger.observe(post, 'echo');
    expect(entry.shownAs).toBeUndefined();
  });

  it('proves one part only, the older first', () => {
    const ledger = createLedger();
    const first = ledger.begin(part({ planId: 'plan-a' }), call());
    const second = ledger.begin(part({ planId: 'plan-b' }), call(T0 + 100));
    ledger.observe(shown({ id: '1' }), 'echo');
    ledger.observe(shown({ id: '1' }), 'read-back');
    expect([first.shownAs, second.shownAs]).toEqual(['1', undefined]);
    ledger.observe(shown({ id: '2' }), 'read-back');
    expect(second.shownAs).toBe('2');
  });

  it('is remembered until the journal tells of the call, and given away once', () => {
    const ledger = createLedger();
    ledger.observe(shown(), 'echo');
    ledger.record(part(), call(T0 - 500), 'open');
    ledger.record(part({ planId: 'plan-b' }), call(T0 - 400), 'open');
    expect(ledger.find('plan-a', 1)?.shownAs).toBe('1');
    expect(ledger.find('plan-b', 1)?.shownAs).toBeUndefined();
  });

  it('of a fresh post is nothing that was there before', () => {
    const ledger = createLedger();
    ledger.observe(shown(), 'echo');
    expect(ledger.begin(part(), call()).shownAs).toBeUndefined();
  });

  it('is none of a part that GroupMe rejected: that one is posted by another plan, if at all', () => {
    const ledger = createLedger();
    make(ledger, part({ planId: 'plan-a' }), 'rejected');
    const replayed = ledger.begin(part({ planId: 'plan-b' }), call(T0 + 100));
    ledger.observe(shown(), 'echo');
    expect(replayed.shownAs).toBe('1');
  });

  it('is missed of delivered parts only', () => {
    const ledger = createLedger();
    const delivered = make(ledger, part({ part: 1 }), 'delivered');
    make(ledger, part({ part: 2 }), 'failed');
    expect(ledger.unobserved()).toEqual([delivered]);
  });

  it('tells when echoes come at all', () => {
    const ledger = createLedger();
    ledger.observe(shown(), 'read-back');
    expect(ledger.lastEchoAtMs).toBeUndefined();
    ledger.observe(shown(), 'echo');
    expect(ledger.lastEchoAtMs).toBe(T0);
  });
});

describe('delivered parts', () => {
  it('are counted by plan; a call for a part says that those before it are in the chat', () => {
    const ledger = createLedger();
    expect(ledger.partsDelivered('plan-a')).toBe(0);
    make(ledger, part({ part: 1, text: 'one' }), 'failed');
    expect(ledger.partsDelivered('plan-a')).toBe(0);
    make(ledger, part({ part: 3, text: 'three' }), 'open');
    expect(ledger.partsDelivered('plan-a')).toBe(2);
    make(ledger, part({ part: 3, text: 'three' }), 'delivered');
    expect(ledger.partsDelivered('plan-a')).toBe(3);
    expect(ledger.partsDelivered('plan-b')).toBe(0);
  });

  it('are counted since a time: an id may stand for another message tomorrow', () => {
    const ledger = createLedger();
    make(ledger, part(), 'delivered', T0);
    expect(ledger.partsDelivered('plan-a', T0)).toBe(1);
    expect(ledger.partsDelivered('plan-a', T0 + 1)).toBe(0);
  });

  it('are counted by text and picture where the plan is another', () => {
    const ledger = createLedger();
    make(ledger, part({ part: 1, text: 'one' }), 'delivered');
    make(ledger, part({ part: 2, text: 'two' }), 'failed');
    const parts = [{ text: 'one' }, { text: 'two' }];
    expect(ledger.equalPartsDelivered('a', parts)).toBe(1);
    expect(ledger.equalPartsDelivered('b', parts)).toBe(0);
    expect(ledger.equalPartsDelivered('a', [{ text: 'one', picture_url: 'https://i.example/1' }])).toBe(0);
  });
});

describe('the journal', () => {
  it('tells of a call, and how it ended', () => {
    const ledger = createLedger();
    const made = call();
    ledger.record(part(), made, 'open');
    expect(ledger.find('plan-a', 1)).toMatchObject({ state: 'open', lastCall: made });
    ledger.record(part(), made, 'failed');
    ledger.record(part(), made, 'open');
    expect(ledger.find('plan-a', 1)?.state).toBe('failed');
    const next = call(T0 + 1, 2);
    ledger.record(part(), next, 'open');
    ledger.record(part(), made, 'delivered');
    expect(ledger.find('plan-a', 1)).toMatchObject({ state: 'open', lastCall: next });
  });

  it('tells of a delivery whatever its number: two relays may have counted alike', () => {
    const ledger = createLedger();
    ledger.record(part(), call(), 'open');
    ledger.record(part(), call(), 'delivered');
    expect(ledger.find('plan-a', 1)?.state).toBe('delivered');
  });

  it('takes nothing back that is in the chat', () => {
    const ledger = createLedger();
    make(ledger, part(), 'delivered');
    ledger.record(part(), call(T0 + 1, 2), 'open');
    expect(ledger.find('plan-a', 1)?.state).toBe('delivered');
  });
});

it('keeps the parts of a second copy apart whose picture has another address', () => {
  const ledger = createLedger();
  const picture = (address: string) => part({ text: '', pictureUrl: `https://i.example/${address}` });
  const first = make(ledger, picture('1'), 'failed');
  const second = ledger.begin(picture('2'), call(T0 + 1, 2));
  ledger.observe(shown({ text: '', pictureUrl: 'https://i.example/2' }), 'echo');
  expect([first.shownAs, second.shownAs]).toEqual([undefined, '1']);
  expect(ledger.find('plan-a', 1)).toBe(second);
});

describe('a message that may be half in the chat', () => {
  const of = (number: number, overrides: Partial<LedgerPart> = {}) =>
    part({ part: number, text: `part ${number}`, ...overrides });

  it.each<[string, CallState[]]>([
    ['its first part is open', ['open']],
    ['its first part is in the chat', ['delivered']],
    ['its second part failed', ['delivered', 'failed']],
    ['its last part is open', ['delivered', 'delivered', 'open']],
  ])('is known when %s', (_what, states) => {
    const ledger = createLedger();
    for (const [index, state] of states.entries()) make(ledger, of(index + 1), state, T0 + index);
    expect(ledger.unfinished()).toBe('plan-a');
  });

  it.each<[string, CallState[]]>([
    ['nothing of it is in the chat', ['failed']],
    ['all of it is in the chat', ['delivered', 'delivered', 'delivered']],
    ['the rest of it is parked', ['delivered', 'rejected']],
  ])('is none when %s', (_what, states) => {
    const ledger = createLedger();
    expect(ledger.unfinished()).toBeUndefined();
    for (const [index, state] of states.entries()) make(ledger, of(index + 1), state, T0 + index);
    expect(ledger.unfinished()).toBeUndefined();
  });

  it('is known when an emergency was posted since, and for minutes only', () => {
    const ledger = createLedger();
    make(ledger, of(1), 'delivered', T0);
    const emergency = part({ planId: 'plan-b', wborMessageId: 'b', parts: 1 });
    make(ledger, emergency, 'open', T0 + 10 * 60_000);
    expect(ledger.unfinished()).toBe('plan-a');
    make(ledger, emergency, 'delivered', T0 + 10 * 60_000 + 1);
    expect(ledger.unfinished()).toBeUndefined();
  });

  it('is the one with the newest call of several', () => {
    const ledger = createLedger();
    make(ledger, of(1), 'delivered', T0 + 1);
    make(ledger, of(1, { planId: 'plan-b', wborMessageId: 'b' }), 'delivered', T0);
    expect(ledger.unfinished()).toBe('plan-a');
  });

  it('is none when it has one part only', () => {
    const ledger = createLedger();
    make(ledger, part({ parts: 1 }), 'open');
    expect(ledger.unfinished()).toBeUndefined();
  });
});
