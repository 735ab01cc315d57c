import { expect, it } from 'vitest';
import { alreadySent } from './already-sent.ts';

it.each(['alreadysent', 'AlreadySent', 'already_sent', 'X-Already-Sent'])(
  'takes what has the header %s',
  (name) => {
    expect(alreadySent.takes?.({ [name]: true })).toBe(true);
    expect(alreadySent.takes?.({ [name]: 'Yes!' })).toBe(true);
    for (const header of [false, 'no', '', 'maybe', undefined, null, {}]) {
      expect(alreadySent.takes?.({ [name]: header })).toBe(false);
    }
  },
);

function read(body: Record<string, unknown>) {
  return alreadySent.read(alreadySent.schema.parse(body), 'source.standard.ups', body);
}

it('keeps the payload as it came', () => {
  const body = { body: 'as it was\r', statuscode: '202', source: 'x', images: 'none', more: [1] };
  expect(read(body)).toMatchObject({ source: 'x', statusCode: 202, payload: body });
});

it.each([
  [{ text: 'words\u0007', body: 'others' }, 'words�'],
  [{ text: 'words\rmore' }, 'words\nmore'],
  [{ text: 'None' }, 'None'],
  [{ text: ' ', body: 'words\u0000\rmore' }, 'words�\nmore'],
  [{ body: 7 }, '7'],
  [{}, undefined],
])('finds the words of %j', (body, text) => {
  expect(read(body)).toMatchObject({ text });
});

it.each([
  [{ picture_url: 'https://i.example/1' }, 'https://i.example/1'],
  [{ images: ['https://a.example/1', 'https://a.example/2'] }, 'https://a.example/1'],
  [{ images: 'https://a.example/1', picture_url: null }, 'https://a.example/1'],
  [{ MediaUrl0: 'https://a.example/0' }, 'https://a.example/0'],
  [{ picture_url: 'null' }, undefined],
  [{ picture_url: ' None ', MediaUrl0: '<nil>' }, undefined],
  [{ picture_url: 'undefined', MediaUrl0: 'https://a.example/0' }, 'https://a.example/0'],
  [{ picture_url: '(null)', images: ['https://a.example/1'] }, 'https://a.example/1'],
  [{ picture_url: 5, images: [7] }, undefined],
])('finds the picture of %j', (body, pictureUrl) => {
  expect(read(body)).toMatchObject({ pictureUrl });
});
