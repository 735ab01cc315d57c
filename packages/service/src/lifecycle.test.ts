import { expect, it } from 'vitest';
import { createLifecycle } from './lifecycle.ts';

function setUp() {
  const errors: object[] = [];
  return { errors, lifecycle: createLifecycle({ error: (fields) => errors.push(fields) }) };
}

it('releases last in, first out, each once, and past a failing one', async () => {
  const { errors, lifecycle } = setUp();
  const order: string[] = [];
  lifecycle.onStop('first', () => void order.push('first'));
  lifecycle.onStop('failing', () => Promise.reject(new Error('no')));
  lifecycle.onStop('last', async () => void order.push('last'));
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(order).toEqual(['last', 'first']);
  expect(errors).toMatchObject([{ part: 'failing' }]);
});

it('releases at once what is acquired after the stop', async () => {
  const { lifecycle } = setUp();
  await lifecycle.stop();
  let released = false;
  lifecycle.onStop('late', () => {
    released = true;
  });
  expect(released).toBe(true);
});
