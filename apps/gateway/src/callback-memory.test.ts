import { expect, it } from 'vitest';
import { createCallbackMemory } from './callback-memory.ts';

const memoryOf = (maxIds = 10) => createCallbackMemory({ maxIds, maxAgeMs: 60_000 });

it('publishes copies that overlap once, and settles them together', async () => {
  const memory = memoryOf();
  const confirm = Promise.withResolvers<void>();
  let publishes = 0;
  const publish = () => {
    publishes += 1;
    return confirm.promise;
  };
  const results = Promise.all([memory.once('a', publish), memory.once('a', publish)]);
  confirm.resolve();
  expect(await results).toEqual(['published', 'duplicate']);
  expect(publishes).toBe(1);
});

it('fails overlapping copies together, and forgets the key', async () => {
  const memory = memoryOf();
  const failing = () => Promise.reject(new Error('not confirmed'));
  const results = await Promise.allSettled([memory.once('a', failing), memory.once('a', failing)]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  expect(await memory.once('a', async () => {})).toBe('published');
});

it('remembers a bounded number of keys, the latest', async () => {
  const memory = memoryOf(2);
  for (const key of ['a', 'b', 'c']) await memory.once(key, async () => {});
  expect(await memory.once('c', async () => {})).toBe('duplicate');
  expect(await memory.once('a', async () => {})).toBe('published');
});
