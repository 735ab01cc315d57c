import { describe, expect, it } from 'vitest';
import { createOrderBySource } from './in-order-by-source.ts';

describe('messages that are prepared at once', () => {
  it('commits in the order of arrival however long preparing takes', async () => {
    const inOrder = createOrderBySource();
    const order: string[] = [];
    const slow = Promise.withResolvers<string>();
    const commit = async (value: string) => void order.push(value);
    const first = inOrder.run('a', slow.promise, commit);
    const second = inOrder.run('a', Promise.resolve('second'), commit);
    slow.resolve('first');
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('never holds one key up for another', async () => {
    const inOrder = createOrderBySource();
    const order: string[] = [];
    const never = Promise.withResolvers<string>();
    void inOrder.run('slow', never.promise, async () => {});
    await inOrder.run('fast', Promise.resolve('fast'), async (value) => void order.push(value));
    expect(order).toEqual(['fast']);
  });

  it('goes on after a failure, which only its own caller sees', async () => {
    const inOrder = createOrderBySource();
    const order: string[] = [];
    const failing = inOrder.run('a', Promise.reject(new Error('no')), async () => {});
    const next = inOrder.run('a', Promise.resolve('next'), async (value) => void order.push(value));
    await expect(failing).rejects.toThrow('no');
    await next;
    expect(order).toEqual(['next']);
  });

  it('knows how many of a source wait', async () => {
    const inOrder = createOrderBySource();
    const first = Promise.withResolvers<void>();
    const runs = [1, 2, 3].map(() => inOrder.run('a', first.promise, async () => {}));
    expect([inOrder.waiting('a'), inOrder.waiting('b')]).toEqual([3, 0]);
    first.resolve();
    await Promise.all(runs);
    expect(inOrder.waiting('a')).toBe(0);
  });
});
