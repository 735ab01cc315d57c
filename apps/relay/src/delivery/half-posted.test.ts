import { expect, it } from 'vitest';
import { createHalfPosted } from './half-posted.ts';

const forever = new AbortController().signal;
const tick = () => new Promise(setImmediate);

it('keeps others behind the message that is expected, until its turn has come', async () => {
  const halfPosted = createHalfPosted();
  halfPosted.expect('a');
  expect(halfPosted.isBehind('b')).toBe(true);
  expect(halfPosted.isBehind('a')).toBe(false);
  let through = false;
  const other = halfPosted.yieldTo('b', forever).then(() => {
    through = true;
  });
  await halfPosted.yieldTo('a', forever);
  await tick();
  expect(through).toBe(false);
  halfPosted.resume('b');
  await tick();
  expect(through).toBe(false);
  halfPosted.resume('a');
  await other;
  await halfPosted.yieldTo('c', forever);
  expect(halfPosted.isBehind('b')).toBe(false);
});

it('does not wait for ever, nor for one who has gone', async () => {
  const halfPosted = createHalfPosted(20);
  halfPosted.expect('a');
  await halfPosted.yieldTo('b', forever);
  const patient = createHalfPosted();
  patient.expect('a');
  const gone = new AbortController();
  const waiting = patient.yieldTo('b', gone.signal);
  gone.abort();
  await waiting;
  patient.resume('a');
});
