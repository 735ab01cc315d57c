import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownUid } from './shown-uid.ts';

describe('the UID that the chat shows', () => {
  it('is the first eight characters of a UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(shownUid(uuid)).toBe(uuid.slice(0, 8));
      }),
    );
    expect(shownUid('0A1B2C3D-1111-4222-8333-444455556666')).toBe('0A1B2C3D');
  });

  it.each(['plainid', 'evt1', '1234567', 'abcdefghijkl'])('is the id %s itself', (id) => {
    expect(shownUid(id)).toBe(id);
  });

  it('tells messages of one script apart', () => {
    const ids = Array.from({ length: 100 }, (_, index) => `apc-${1_795_606_826 + index}`);
    expect(new Set(ids.map(shownUid)).size).toBe(100);
    expect(shownUid('apc-1795606826')).toBe(
      createHash('md5').update('apc-1795606826').digest('hex').slice(0, 8),
    );
  });

  it.each([
    '',
    'abc',
    'a',
    '-a',
    'ABCD',
    'Ünïcödé',
    'a b c d',
    'x'.repeat(13),
    'evt1\n',
    '0a1b2c3d-1',
    '👍🏽',
  ])('of %j is the beginning of a digest', (id) => expect(shownUid(id)).toMatch(/^[0-9a-f]{8}$/));

  it('is short and can be typed on a phone, whatever the id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(shownUid(id)).toMatch(/^[a-z0-9]{4,12}$/);
        expect(shownUid(id)).toBe(shownUid(id));
      }),
    );
  });
});
