import { expect, it } from 'vitest';
import { inspectPicture } from './pictures.ts';

it('reads the size of a PNG', () => {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32BE(0x89504e47, 0);
  bytes.writeUInt32BE(640, 16);
  bytes.writeUInt32BE(420, 20);
  expect(inspectPicture(bytes)).toEqual({ format: 'png', width: 640, height: 420 });
});

it('reads the size of a GIF', () => {
  const bytes = Buffer.from('GIF89a\0\0\0\0', 'latin1');
  bytes.writeUInt16LE(33, 6);
  bytes.writeUInt16LE(44, 8);
  expect(inspectPicture(bytes)).toEqual({ format: 'gif', width: 33, height: 44 });
});

it('reads the size of a JPEG behind its other segments', () => {
  const app0 = Buffer.from([0xff, 0xe0, 0, 4, 1, 2]);
  const tables = Buffer.from([0xff, 0xc4, 0, 3, 9]);
  const frame = Buffer.from([0xff, 0xc2, 0, 8, 8, 0x01, 0x02, 0x03, 0x04, 0]);
  const bytes = Buffer.concat([Buffer.from([0xff, 0xd8]), app0, tables, frame]);
  expect(inspectPicture(bytes)).toEqual({ format: 'jpeg', width: 0x0304, height: 0x0102 });
});

it.each([
  [[]],
  [[0xff, 0xd8, 0xff]],
  [[0xff, 0xd8, 0xff, 0xe0, 0, 0]],
  [[0x89, 0x50, 0x4e, 0x47]],
  [[1, 2, 3]],
])('takes what it cannot read for a tiny JPEG: %j', (bytes) => {
  expect(inspectPicture(Buffer.from(bytes))).toEqual({ format: 'jpeg', width: 1, height: 1 });
});
