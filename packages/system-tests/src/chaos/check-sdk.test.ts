import { describe, expect, it } from 'vitest';
import { checkFacts } from './check.ts';
import type { CallRow, ChaosFacts, ChatPost, FaultRecord, SdkMessage, SentMessage } from './facts.ts';
import { makeBody, makeMessageId } from './messages.ts';
import { makeSyntheticFacts } from './synthetic-facts.testing.ts';

const START_MS = Date.parse('2026-01-01T00:01:00Z');
const ID = makeMessageId(11, 'run');
const TEXT = `"${makeBody(11, 2)}"`;
const DELIVERED = { deliveredBy: 'fallback', state: 'delivered', reason: null, atMs: START_MS + 2_000 };

/** Two messages of one SDK producer, the first with a call of its own. */
function makeFacts(change: (facts: ReturnType<typeof makeRun>) => Partial<ChaosFacts> = () => ({})) {
  const run = makeRun();
  return { ...run, ...change(run) };
}

function makeRun() {
  const rest = makeSyntheticFacts();
  const messages = [...rest.messages, sent(11, DELIVERED), sent(12, { ...DELIVERED, deliveredBy: 'relay' })];
  const chat: ChatPost[] = [...rest.chat, shown(11, START_MS, 'sdk'), shown(12, START_MS + 1_000, 'relay')];
  const ownCalls = [{ key: TEXT, atMs: START_MS, status: 202, fault: null, accepted: true }];
  const ownRows = [row(202)];
  return { ...rest, messages, chat, ownCalls, ownRows };
}

function sent(number: number, told: SdkMessage['told']): SentMessage {
  return {
    number,
    id: makeMessageId(number, 'run'),
    source: 'sdk-amqp',
    urgent: false,
    words: 2,
    hasPicture: false,
    acceptedAtMs: START_MS,
    sdk: { producer: 'sdk-amqp', told },
  };
}

function shown(number: number, atMs: number, by: ChatPost['by']): ChatPost {
  return { chatId: `chat-${number}`, text: `"${makeBody(number, 2)}"`, pictureUrl: null, atMs, by };
}

function row(code: number): CallRow {
  const call = { key: TEXT, messageId: ID, part: 1, attempt: 1, sentAtMs: START_MS, durationMs: 3 };
  return { ...call, code, outcome: 'already-sent' };
}

function fault(kind: FaultRecord['kind'], target: string): FaultRecord {
  return { number: 1, what: `${kind} ${target}`, kind, target, startMs: START_MS, endMs: START_MS + 500 };
}

const judge = (facts: ChaosFacts) => checkFacts(facts, { evidence: true });
const withTold = (run: ReturnType<typeof makeRun>, told: SdkMessage['told']) => ({
  messages: run.messages.map((message) => (message.number === 11 ? sent(11, told) : message)),
});
const without = (run: ReturnType<typeof makeRun>) => ({
  chat: run.chat.filter(({ chatId }) => chatId !== 'chat-11'),
});

it('passes a run in which everything went well', () => {
  const { failures, sdk } = judge(makeFacts());
  expect(failures).toEqual([]);
  expect(sdk).toMatchObject({ accepted: 2, notAccepted: 0, calls: 1, rows: 1, neverArrived: 0 });
  expect(sdk.told).toEqual({ 'fallback delivered': 1, 'relay delivered': 1 });
});

describe('of the messages of an SDK producer', () => {
  it('one that it had accepted must be in the chat, though it was killed', () => {
    const facts = makeFacts((run) => ({
      ...withTold(run, null),
      ...without(run),
      ownCalls: [],
      ownRows: [],
    }));
    expect(judge(facts).failures).toEqual(['1 messages lost']);
  });

  it('one that it had not accepted when it was killed may be missing', () => {
    const facts = makeFacts((run) => ({
      messages: run.messages.map((message) =>
        message.number === 11 ? { ...sent(11, null), acceptedAtMs: null } : message,
      ),
      ...without(run),
      ownCalls: [],
      ownRows: [],
    }));
    expect(judge(facts)).toMatchObject({ failures: [], sdk: { notAccepted: 1 } });
  });

  it('one that is posted by relay and SDK is a repeated post', () => {
    const facts = makeFacts(({ chat }) => ({ chat: [...chat, shown(11, START_MS + 2_000, 'relay')] }));
    expect(judge(facts).failures).toEqual(['1 posts repeated, 0 allowed']);
  });

  it('one may be missing whose post is in doubt, as often as something was in the way', () => {
    const run = (faults: FaultRecord[]) =>
      makeFacts((facts) => ({
        ...withTold(facts, { ...DELIVERED, state: 'in-doubt' }),
        ...without(facts),
        ownRows: [row(0)],
        faults,
      }));
    expect(judge(run([fault('network', 'groupme')]))).toMatchObject({ failures: [], sdk: { inDoubt: [ID] } });
    expect(judge(run([])).failures).toEqual(['1 messages of the SDK given up, 0 allowed']);
  });

  it('one may be missing that the relay left after its word, as its row says', () => {
    const run = (expiredIds: string[]) =>
      makeFacts((facts) => ({
        ...withTold(facts, { ...DELIVERED, deliveredBy: 'relay', state: 'posting' }),
        ...without(facts),
        ownCalls: [],
        ownRows: [],
        expiredIds,
        faults: [fault('kill', 'relay-a')],
      }));
    expect(judge(run([ID]))).toMatchObject({ failures: [], sdk: { leftByRelay: [ID] } });
    expect(judge(run([])).failures).toEqual(['1 messages lost']);
  });

  it.each([
    ['delivered, and it came later', { ...DELIVERED, atMs: START_MS - 5_000 }],
    [
      'waiting, and it had posted it',
      { ...DELIVERED, deliveredBy: 'spool', state: 'waiting', atMs: START_MS + 5_000 },
    ],
    ['failed', { ...DELIVERED, deliveredBy: 'relay', state: 'failed' }],
  ])('what is said must be so: %s', (_what, told) => {
    const { failures } = judge(makeFacts((run) => withTold(run, told)));
    expect(failures).toEqual(['1 things that the SDK said and that were not so']);
  });

  it('what waits may be posted in the next second', () => {
    const told = { ...DELIVERED, deliveredBy: 'spool', state: 'waiting', atMs: START_MS } as const;
    expect(judge(makeFacts((run) => withTold(run, told)))).toMatchObject({ failures: [] });
  });

  it('those that were told to be delivered keep their order, and others need not', () => {
    const swapped = (told: SdkMessage['told']) =>
      makeFacts((run) => ({
        ...withTold(run, told),
        chat: [...run.chat.slice(0, -2), shown(12, START_MS, 'relay'), shown(11, START_MS + 1_000, 'sdk')],
      }));
    expect(judge(swapped(DELIVERED)).failures).toEqual(['1 messages of the SDK out of order']);
    expect(judge(swapped(null))).toMatchObject({ failures: [], sdk: { overtaken: 1 } });
  });

  it('a post of its own may come between the parts of a message of the relay', () => {
    const facts = makeFacts(({ chat }) => {
      const own = chat.find(({ chatId }) => chatId === 'chat-11');
      return {
        chat: [...chat.slice(0, 2), ...(own ? [own] : []), ...chat.slice(2).filter((post) => post !== own)],
      };
    });
    expect(judge(facts).failures).toEqual([]);
  });
});

describe('of the calls of an SDK producer', () => {
  it.each([
    ['a call without a row', { ownRows: [] }, '1 posts of the SDK without a row'],
    ['a row too many', { ownRows: [row(202), row(202)] }, '1 rows of posts of the SDK that were never made'],
    [
      'another answer',
      { ownRows: [row(503)] },
      '1 posts of the SDK without a row|1 rows of posts of the SDK that were never made',
    ],
    [
      'a row without a call',
      { ownRows: [row(202), row(0)] },
      '1 rows of posts of the SDK without a call, and nothing was in its way',
    ],
    ['a spool that is not empty', { spoolsLeft: ['sdk-amqp: …'] }, '1 spools of the SDK had not emptied'],
  ])('is noticed: %s', (_what, change, failures) => {
    expect(judge(makeFacts(() => change)).failures.join('|')).toBe(failures);
  });

  it('one that nobody answered has a row that says so, and one that was kept from arriving may have one', () => {
    expect(judge(makeFacts(() => ({ ownRows: [row(0)] }))).failures).toEqual([]);
    const cut = { ownRows: [row(202), row(0)], faults: [fault('producer', 'sdk-amqp')] };
    expect(judge(makeFacts(() => cut))).toMatchObject({ failures: [], sdk: { neverArrived: 1 } });
  });
});
