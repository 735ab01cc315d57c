import { describe, expect, it } from 'vitest';
import { createMemoryShare, type MemoryHold } from './memory-share.ts';

const NEVER = new AbortController().signal;

/** Asks for memory and notes in `given` when it is there. */
function asker(share: ReturnType<typeof createMemoryShare>) {
  const given: string[] = [];
  const holds: MemoryHold[] = [];
  const ask = (name: string, bytes: number, signal = NEVER, source = name.charAt(0)) =>
    share.take(bytes, { source, signal }).then((hold) => {
      given.push(name);
      holds.push(hold);
      return hold;
    });
  return { ask, given, holds };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a share of memory', () => {
  it('gives what is free at once, even to one whose time is up', async () => {
    const share = createMemoryShare(10);
    await share.take(6, { source: 'a', signal: NEVER });
    await share.take(4, { source: 'b', signal: AbortSignal.abort() });
    expect(share.usedBytes).toBe(10);
    expect(share.waiting).toBe(0);
  });

  it('never gives more than there is, in turns by source and in order within one', async () => {
    const share = createMemoryShare(10);
    const { ask, given, holds } = asker(share);
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) void ask(name, 10);
    for (let turn = 0; turn < 6; turn += 1) {
      await settled();
      expect(share.usedBytes).toBe(10);
      expect(given).toHaveLength(turn + 1);
      holds[turn]?.release();
    }
    expect(given).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
    expect(share.usedBytes).toBe(0);
  });

  it('lets no small one overtake a large one', async () => {
    const share = createMemoryShare(10);
    const { ask, given, holds } = asker(share);
    await ask('a', 5);
    void ask('large', 8);
    void ask('small', 1);
    await settled();
    expect(given).toEqual(['a']);
    holds[0]?.release();
    await settled();
    expect(given).toEqual(['a', 'large', 'small']);
  });

  it('gives on what is given back in part, and counts no release twice', async () => {
    const share = createMemoryShare(10);
    const { ask, given } = asker(share);
    const first = await ask('a', 10);
    void ask('b', 6);
    first.shrink(4);
    first.shrink(8);
    await settled();
    expect(given).toEqual(['a', 'b']);
    expect(share.usedBytes).toBe(10);
    first.release();
    first.release();
    expect(share.usedBytes).toBe(6);
  });

  it('says that there were too many when the time is up, and lets those behind go on', async () => {
    const share = createMemoryShare(10);
    const { ask, given } = asker(share);
    await ask('a', 5);
    const late = new AbortController();
    const waiting = ask('b', 8, late.signal);
    void ask('c', 5);
    expect(share.waiting).toBe(2);
    late.abort();
    await expect(waiting).rejects.toMatchObject({
      code: 'TOO_MANY',
      forChat: 'could not be fetched (too many pictures at once)',
    });
    await settled();
    expect(given).toEqual(['a', 'c']);
    expect(share.waiting).toBe(0);
    await expect(ask('d', 1, late.signal)).rejects.toMatchObject({ code: 'TOO_MANY' });
    expect(share.waiting).toBe(0);
  });

  it('does not let anybody wait for more than there ever is', async () => {
    await expect(createMemoryShare(10).take(11, { source: 'a', signal: NEVER })).rejects.toThrow(RangeError);
  });
});
