import { brokerSettings, commonSettings, list, number, requireBroker, secret } from '@wbor/service';
import { z } from 'zod';

export const relaySettings = z
  .object({
    ...brokerSettings(),
    GROUPME_BOT_ID: secret().describe('Id of the bot that posts. Secret: whoever has it can post.'),
    GROUPME_ACCESS_TOKEN: secret()
      .optional()
      .describe('A GroupMe user token; pictures cannot be uploaded without one.'),
    GROUPME_API_URL: z
      .url({ protocol: /^https?$/ })
      .default('https://api.groupme.com/v3')
      .describe('GroupMe API.'),
    GROUPME_IMAGE_URL: z
      .url({ protocol: /^https?$/ })
      .default('https://image.groupme.com')
      .describe('GroupMe image service.'),
    GROUPME_CHARACTER_LIMIT: number()
      .pipe(z.number().int().min(50).max(950))
      .default(900)
      .describe('Most characters of text in one post (50 to 950).'),
    GROUPME_RATE_PER_SECOND: number()
      .pipe(z.number().min(0).max(100))
      .default(1)
      .describe('Posts per second; 0 means no limit.'),
    ACK_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where the SMS service waits for word that an SMS is in the chat. Empty: none.'),
    IMAGE_ALLOW_HOSTS: list()
      .default([])
      .describe(
        'Host names or CIDRs whose pictures may be fetched though they are private, comma-separated.',
      ),
    ...commonSettings({ healthPort: 2001 }),
  })
  .check(requireBroker);
export type RelayConfig = z.infer<typeof relaySettings>;
