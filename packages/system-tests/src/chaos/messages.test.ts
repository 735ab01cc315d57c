import { expect, it } from 'vitest';
import { makeBody, makePicture, readPost, readWords } from './messages.ts';

it('reads back which words a post holds', () => {
  expect(makeBody(12, 3)).toBe('k12w0 k12w1 k12w2');
  expect(
    readPost({ text: '(2/2):\n"k12w1 k12w2"\n---UID---\n00000012\n---------', pictureUrl: null }),
  ).toEqual({
    kind: 'text',
    message: 12,
    words: [1, 2],
  });
  expect(readWords('{"text":"k1w0 k22w33"}')).toEqual([
    { message: 1, word: 0 },
    { message: 22, word: 33 },
  ]);
});

it('reads the message from a picture’s size', () => {
  for (const message of [1, 999, 1_000, 12_345]) {
    const png = makePicture(message);
    const size = `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;
    const pictureUrl = `http://127.0.0.1:1/${size}.png.${'0'.repeat(32)}`;
    expect(readPost({ text: null, pictureUrl })).toEqual({ kind: 'picture', message });
  }
});

it('reads a notice by its id, and nothing from what is not ours', () => {
  const notice = 'A media item could not be uploaded.\n---UID---\n00000007\n---------';
  expect(readPost({ text: notice, pictureUrl: null })).toEqual({ kind: 'notice', message: 7 });
  expect(readPost({ text: 'hello', pictureUrl: null })).toBeUndefined();
  expect(readPost({ text: '"k1w0 k2w0"', pictureUrl: null })).toBeUndefined();
  expect(readPost({ text: null, pictureUrl: 'http://127.0.0.1/cat.png' })).toBeUndefined();
});
