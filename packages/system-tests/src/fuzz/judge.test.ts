import { expect, it } from 'vitest';
import type { FuzzFacts, SentInput } from './facts.ts';
import { judge } from './judge.ts';

const good = { token: 'gd000000', via: 'exchange', acceptedAtMs: 1_000, arrivedAtMs: 3_000 } as const;
const onTheExchange: SentInput = {
  token: 'zq000000',
  kind: 'amqp',
  what: 'a message',
  exchange: 'source',
  key: 'source.standard.ups',
  sha256: 'a'.repeat(64),
  answer: { of: 'broker', accepted: true },
};

/** A run in which everything went well, and what a test changes about it. */
function makeFacts(changes: Partial<FuzzFacts> = {}): FuzzFacts {
  return {
    sent: [onTheExchange],
    good: [good],
    goodPosts: new Map([[good.token, 1]]),
    posted: new Set([onTheExchange.token]),
    parked: new Set(),
    parkedDigests: new Set(),
    stored: new Set(),
    rejected: new Set(),
    callbackIds: new Set(),
    emptySms: new Set(),
    lostConnections: 0,
    queuesLeft: {},
    processes: [
      { app: 'relay', running: true, ready: true, readiness: 'ready', peakMiB: 200, reconnects: [] },
    ],
    ...changes,
  };
}

const fateOf = (input: Partial<SentInput>, facts: Partial<FuzzFacts> = {}) =>
  judge(makeFacts({ sent: [{ ...onTheExchange, ...input }], posted: new Set(), ...facts })).fates.get(
    onTheExchange.token,
  );

it('passes a run in which all went well', () => {
  expect(judge(makeFacts())).toMatchObject({ failures: [], counts: [['posted', 1]], slowestMs: 2_000 });
});

it.each<[string, Partial<FuzzFacts>, RegExp]>([
  ['nothing was sent', { sent: [] }, /nothing hostile/],
  ['no good message was sent', { good: [] }, /nothing good/],
  ['a good message was refused', { good: [{ ...good, acceptedAtMs: null }] }, /never accepted/],
  ['a good message is missing', { goodPosts: new Map() }, /not in the chat/],
  ['a good message is repeated', { goodPosts: new Map([[good.token, 2]]) }, /more than once/],
  ['a queue has something left', { queuesLeft: { 'relay.standard': 1 } }, /queues had not emptied/],
  ['an accepted message is nowhere', { posted: new Set() }, /accepted inputs are nowhere: zq000000/],
  ['a connection was lost', { lostConnections: 1 }, /connections of the services are new/],
])('fails when %s', (_what, changes, failure) => {
  expect(judge(makeFacts(changes)).failures).toEqual([expect.stringMatching(failure)]);
});

it.each<[object, RegExp]>([
  [{ running: false }, /relay has ended/],
  [{ ready: false, readiness: 'no broker' }, /relay is not ready: no broker/],
  [{ peakMiB: 401 }, /relay had 401 MiB/],
  [{ reconnects: ['lost the broker'] }, /relay lost a connection/],
])('fails for a process with %j', (changes, failure) => {
  const [relay] = makeFacts().processes;
  if (relay === undefined) throw new Error('there is a relay');
  expect(judge(makeFacts({ processes: [{ ...relay, ...changes }] })).failures).toEqual([
    expect.stringMatching(failure),
  ]);
});

it.each([500, 503, 0])('fails when the gateway answers %i', (status) => {
  const sent = [
    { token: 'zq000000', kind: 'http', what: '', answer: { of: 'gateway', status, stored: false } },
  ] as const;
  expect(judge(makeFacts({ sent })).failures).toHaveLength(1);
});

it('says where each input ended', () => {
  const { token, sha256 = '' } = onTheExchange;
  expect(fateOf({}, { parked: new Set([token]) })).toBe('parked');
  expect(fateOf({}, { parkedDigests: new Set([sha256]) })).toBe('parked');
  expect(fateOf({}, { stored: new Set([token]) })).toBe('stored in the audit');
  expect(fateOf({}, { rejected: new Set([token]) })).toBe('stored as rejected');
  expect(fateOf({ answer: { of: 'broker', accepted: false } })).toBe('refused by the broker');
  expect(fateOf({ answer: { of: 'gateway', status: 400, stored: false } })).toBe('refused by the gateway');
  expect(fateOf({ answer: { of: 'gateway', status: 200, stored: false } })).toBe('answered, nothing to keep');
});

it.each([
  ['source', 'dashboard.clear', 'not for any queue'],
  ['source', 'source.groupme.a.b', 'not for any queue'],
  ['source', 'source.twilio.sms.outgoing', 'dropped, as the contract says'],
  ['default', 'relay.journal', 'dropped, as the contract says'],
  ['source', 'source.twilio.sms.incoming', 'unaccounted'],
  ['source', 'source.standard', 'unaccounted'],
  ['source', 'source.groupme.callback', 'unaccounted'],
  ['default', 'relay.outbox', 'unaccounted'],
] as const)('takes a message without a trace, %s %s, for %s', (exchange, key, fate) => {
  expect(fateOf({ exchange, key })).toBe(fate);
});
