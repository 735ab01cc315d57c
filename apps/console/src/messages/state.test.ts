import { describe, expect, it } from 'vitest';
import { type MessageFacts, type PartResult, stateOf } from './state.ts';

const result = (outcome: string | null, more: Partial<PartResult> = {}): PartResult => ({
  part: 1,
  parts: 1,
  outcome,
  code: 202,
  evidence: null,
  ...more,
});
const facts = (results: readonly PartResult[], more: Partial<MessageFacts> = {}): MessageFacts => ({
  results,
  echoed: 0,
  undisplayed: 0,
  ...more,
});
const nameOf = (given: MessageFacts) => stateOf(given)?.name;

describe('the state of a message', () => {
  it.each([
    ['delivered', 'in-chat', 'good'],
    ['refused', 'waiting', 'wait'],
    ['unreachable', 'waiting', 'wait'],
    ['misconfigured', 'waiting', 'wait'],
    ['unknown', 'doubt', 'wait'],
    ['rejected', 'refused', 'bad'],
    ['blocked', 'blocked', 'bad'],
    ['expired', 'expired', 'bad'],
    ['already-sent', 'logged', 'good'],
  ])('whose last outcome is %s', (outcome, name, tone) => {
    expect(stateOf(facts([result(outcome)]))).toMatchObject({ name, tone });
  });

  it('is confirmed once an echo has shown each part', () => {
    const two = [result('delivered', { parts: 2 }), result('delivered', { part: 2, parts: 2 })];
    expect(nameOf(facts(two, { echoed: 1 }))).toBe('in-chat');
    expect(nameOf(facts(two, { echoed: 2 }))).toBe('confirmed');
  });

  it('says how far it got', () => {
    expect(stateOf(facts([result('delivered', { parts: 3 })]))?.words).toContain('1 of 3 parts');
    expect(nameOf(facts([result('delivered', { parts: 3 })]))).toBe('waiting');
    const refused = [result('delivered', { parts: 2 }), result('rejected', { part: 2, parts: 2 })];
    expect(stateOf(facts(refused))?.words).toBe('refused and parked (1 of 2 parts are in the chat)');
  });

  it('warns of a post that GroupMe took and did not show, until an echo comes', () => {
    expect(stateOf(facts([result('delivered')], { undisplayed: 1 }))?.tone).toBe('bad');
    expect(nameOf(facts([result('delivered')], { undisplayed: 1, echoed: 1 }))).toBe('confirmed');
  });

  it('reads the HTTP code where there was no outcome yet', () => {
    expect(nameOf(facts([result(null)]))).toBe('in-chat');
    expect(nameOf(facts([result(null, { code: 0 })]))).toBe('doubt');
  });

  it('is none without a post', () => {
    expect(stateOf(facts([]))).toBeUndefined();
  });
});
