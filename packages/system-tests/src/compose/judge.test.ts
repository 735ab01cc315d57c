import { describe, expect, it } from 'vitest';
import { findFaults, makeText, readNumbers } from './judge.ts';

describe('findFaults', () => {
  it('finds nothing where every message is once, whatever stands around its words', () => {
    const texts = [`"${makeText(1)}"\n---UID---`, makeText(2), 'something else'];
    expect(findFaults('the chat', [1, 2], readNumbers(texts))).toEqual([]);
  });

  it('names what is lost and what is repeated, one that was never accepted among it', () => {
    const found = readNumbers([makeText(1), makeText(1), makeText(12), makeText(12)]);
    expect(findFaults('the chat', [1, 2], found)).toEqual([
      'the chat: 1 lost: 2',
      'the chat: 2 repeated: 1, 12',
    ]);
  });
});
