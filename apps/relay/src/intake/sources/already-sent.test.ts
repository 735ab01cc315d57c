import { expect, it } from 'vitest';
import { alreadySent } from './already-sent.ts';

it.each([
  [true, true],
  ['true', true],
  [false, false],
  ['false', false],
  [undefined, false],
])('with the header alreadysent: %j takes the message: %s', (alreadysent, expected) => {
  expect(alreadySent.takes?.({ alreadysent })).toBe(expected);
});

it('keeps the payload as it came', () => {
  const body = { body: 'as it was\r', statuscode: 202, source: 'x', more: [1] };
  expect(alreadySent.read(alreadySent.schema.parse(body), 'source.standard')).toMatchObject({
    source: 'x',
    payload: body,
  });
});
