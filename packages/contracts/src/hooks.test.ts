import { describe, expect, it } from 'vitest';
import { azuracastMessage, endecMessage } from './hooks.ts';
import { readIncoming } from './read-incoming.ts';

const encode = (value: unknown) => ({ content: Buffer.from(JSON.stringify(value)) });

describe('a state of AzuraCast', () => {
  it('is read whatever its fields are, and unknown ones are kept', () => {
    const now_playing = {
      station: 'wbor',
      is_online: 'true',
      live: { is_live: 0, streamer_name: 7 },
      now_playing: null,
      playing_next: { song: {} },
    };
    const read = readIncoming(azuracastMessage, encode({ station: 'wbor', received_at: 1, now_playing }));
    expect(read).toMatchObject({
      ok: true,
      value: {
        value: {
          now_playing: {
            station: undefined,
            is_online: true,
            live: { is_live: false, streamer_name: '7' },
            now_playing: undefined,
            playing_next: { song: {} },
          },
        },
      },
    });
  });

  it('without a state is none', () => {
    expect(readIncoming(azuracastMessage, encode({ station: 'wbor', received_at: 1 })).ok).toBe(false);
  });
});

describe('an alert of the ENDEC', () => {
  it.each([{}, { raw_header: 'Not found', event_name: 'Plain Text Message' }, 'none', null])(
    'has a text at least: eas_data %j',
    (eas_data) => {
      const read = readIncoming(endecMessage, encode({ message_text: 'A test', eas_data }));
      expect(read).toMatchObject({ ok: true, value: { value: { message_text: 'A test' } } });
    },
  );

  it('is read where one place stands alone, and numbers are texts', () => {
    const eas_data = { locs: 'Cumberland, ME', raw_locs: [23005, null], duration_minutes: '45' };
    expect(readIncoming(endecMessage, encode({ message_text: 'x', eas_data }))).toMatchObject({
      ok: true,
      value: {
        value: {
          eas_data: { locs: ['Cumberland, ME'], raw_locs: ['23005'], duration_minutes: 45 },
        },
      },
    });
  });
});
