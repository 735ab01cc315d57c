import { shownUid } from '@wbor/contracts';
import { expect, it } from 'vitest';
import { isShownAs } from './is-shown-as.ts';

it.each(['0a1b2c3d-1111-4222-8333-444455556666', 'apc-1795606826', 'evt1', 'Ünï', 'x'.repeat(128)])(
  'knows %s by its id and by what the chat shows of it',
  (wborMessageId) => {
    expect(isShownAs({ wborMessageId }, wborMessageId)).toBe(true);
    expect(isShownAs({ wborMessageId }, shownUid(wborMessageId))).toBe(true);
    expect(isShownAs({ wborMessageId }, shownUid(wborMessageId).toUpperCase())).toBe(true);
    expect(isShownAs({ wborMessageId }, 'apc')).toBe(false);
    expect(isShownAs({ wborMessageId: undefined }, shownUid(wborMessageId))).toBe(false);
  },
);
