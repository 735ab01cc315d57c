import { z } from 'zod';
import { defineMessage } from './define.ts';
import { ORIGINAL_KEY_HEADER } from './headers.ts';
import { messageId, name } from './incoming.ts';

const number = name('The number, E.164.');

/** Somebody has banned a number by SMS, at the SMS service. */
export const smsBan = defineMessage({
  exchange: 'source',
  key: 'source.twilio.ban',
  schema: z.looseObject({ wbor_message_id: messageId, ban_number: number }),
  summary:
    'The SMS service was told to ban a number. The moderator changes the ban list, and says so in the chat.',
  publishers: ['SMS service'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    ban_number: '+12075550123',
    timestamp: '2025-06-01T19:20:00Z',
    type: 'sms.ban',
  },
});

export const smsUnban = defineMessage({
  exchange: 'source',
  key: 'source.twilio.unban',
  schema: z.looseObject({ wbor_message_id: messageId, unban_number: number }),
  summary: 'The SMS service was told to unban a number.',
  publishers: ['SMS service'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    unban_number: '+12075550123',
    timestamp: '2025-06-01T19:20:00Z',
    type: 'sms.unban',
  },
});
