import { countrySetting } from '@wbor/phone';
import {
  brokerSettings,
  commonSettings,
  consoleUrlSetting,
  consumerSettings,
  flag,
  list,
  number,
  requireBroker,
  secret,
} from '@wbor/service';
import { timeZoneSetting } from '@wbor/station-clock';
import { z } from 'zod';

/** What the station's own programs publish for the chat; `health.*` and `command.*` are not. */
export const DEFAULT_NOTIFICATION_KEYS: readonly string[] = [
  'notification.wbor-endec',
  'notification.ups.#',
  'notification.failsafe-status',
];

export const relaySettings = z
  .object({
    ...brokerSettings(),
    ...consumerSettings(),
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
      .describe('Posts per second at the start; 0 means no limit.'),
    GROUPME_MAX_RATE_PER_SECOND: number()
      .pipe(z.number().positive().max(100))
      .optional()
      .describe('Posts per second that are reached while none is refused. Default: 4, or the start if more.'),
    GROUPME_GROUP_ID: z
      .string()
      .regex(/^\d+$/, 'must be the number of a group')
      .optional()
      .describe('Group of the bot. With it and a token, a doubtful post is looked up in the group.'),
    EVIDENCE_ECHO: flag()
      .default(true)
      .describe('Whether the echo of a post (a callback, through the gateway) settles a doubt about it.'),
    EVIDENCE_READ_BACK: flag()
      .default(true)
      .describe('Whether reading the group settles a doubt; needs GROUPME_GROUP_ID and a token.'),
    DISPLAY_TIMEOUT_SECONDS: number()
      .pipe(z.number().min(1))
      .default(120)
      .describe('A post that no echo has confirmed by then is reported, where echoes come at all.'),
    HOLD_RENEW_SECONDS: number()
      // This and the longest step, a search of the chat or a call, must fit into the broker's 30 minutes.
      .pipe(z.number().min(1).max(800))
      .default(600)
      .describe('How long a message is held while GroupMe is away, before the broker is told again.'),
    NOTIFICATIONS_EXCHANGE: list()
      .default([])
      .describe(
        'Exchanges of other programs whose notifications are for the chat, comma-separated. They are never declared; one that is not there is waited for. Empty: none.',
      ),
    NOTIFICATION_KEYS: list()
      .default([...DEFAULT_NOTIFICATION_KEYS])
      .describe('What is heard there, as in a binding, comma-separated.'),
    STATION_TIME_ZONE: timeZoneSetting('Time zone of the station, in which the chat is told times.'),
    FOLD_SECONDS: number()
      .pipe(z.number().min(0).max(60))
      .default(10)
      .describe(
        'How long the beginning of a power cut, a switch of the failsafe or an outage of a station is kept back, so that one message says both when it is over within that time; 0: not at all.',
      ),
    AZURACAST_SONGS: flag()
      .default(false)
      .describe('Whether the chat is told each new song of AzuraCast’s stations.'),
    URGENT_SOURCES: list()
      .default([])
      .describe(
        'Sources whose messages overtake all others, comma-separated; so do those of priority 5 and more.',
      ),
    PARKED_NOTICE: flag()
      .default(true)
      .describe('Whether the chat is told, once per source and hour, that a message was parked.'),
    CONSOLE_URL: consoleUrlSetting(),
    PROGRESS_EVENTS: flag()
      .default(false)
      .describe(
        'Whether messages tell on the exchange how far they are, for who watches in the console: two or three more a message.',
      ),
    BANS_STALE_SECONDS: number()
      .pipe(z.number().min(1))
      .default(180)
      .describe(
        'The moderator renews the ban list each minute; a list older than this is reported as stale.',
      ),
    STATION_COUNTRY: countrySetting(),
    ACK_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where the SMS service waits for word that an SMS is in the chat. Empty: none.'),
    SMS_DEADLINE_SECONDS: number()
      .pipe(z.number().min(1).max(86_400))
      .optional()
      .describe(
        'So long after an SMS was sent to the relay the SMS service posts it by itself, so that it is not begun any more. Only where it does so and sends no x-deliver-by. Without an AMQP timestamp it counts from when the relay gets the SMS. Empty: there is no end.',
      ),
    TWILIO_ACCOUNT_SID: z
      .string()
      .regex(/^AC[0-9a-zA-Z]+$/, 'must be the SID of an account: AC and 32 hexadecimal digits')
      .optional()
      .describe(
        'The Twilio account whose pictures are fetched with its credentials, where it protects them. With TWILIO_AUTH_TOKEN.',
      ),
    TWILIO_AUTH_TOKEN: secret()
      .optional()
      .describe('Its auth token; it goes to Twilio’s API and nowhere else.'),
    IMAGE_ALLOW_HOSTS: list()
      .default([])
      .describe(
        'Host names or CIDRs whose pictures may be fetched though they are private, comma-separated.',
      ),
    IMAGE_MEMORY_BUDGET_MB: number()
      // A quarter of it must hold the largest picture.
      .pipe(z.number().int().min(64).max(4096))
      .default(96)
      .describe('Memory for all pictures that are fetched and uploaded at once, in MiB (64 or more).'),
    ...commonSettings({ healthPort: 2001 }),
  })
  .check(requireBroker)
  .check(requireOrderedRates())
  .check(requireBothOfTwilio());
export type RelayConfig = z.infer<typeof relaySettings>;

const DEFAULT_MAX_RATE_PER_SECOND = 4;

/** The pace that is never exceeded; of no meaning when there is no limit. */
export function maxRatePerSecond(
  config: Pick<RelayConfig, 'GROUPME_RATE_PER_SECOND' | 'GROUPME_MAX_RATE_PER_SECOND'>,
): number {
  return (
    config.GROUPME_MAX_RATE_PER_SECOND ??
    Math.max(config.GROUPME_RATE_PER_SECOND, DEFAULT_MAX_RATE_PER_SECOND)
  );
}

/** A rate above its own maximum: one of the two is not what somebody meant. */
function requireOrderedRates() {
  return z.superRefine<{ GROUPME_RATE_PER_SECOND: number; GROUPME_MAX_RATE_PER_SECOND?: number | undefined }>(
    ({ GROUPME_RATE_PER_SECOND: rate, GROUPME_MAX_RATE_PER_SECOND: max }, context) => {
      if (max === undefined || rate <= max) return;
      context.addIssue({
        code: 'custom',
        path: ['GROUPME_MAX_RATE_PER_SECOND'],
        message: `is less than GROUPME_RATE_PER_SECOND (${max} and ${rate})`,
      });
    },
    { when: ({ issues }) => !issues.some(isAboutRates) },
  );
}

/** One without the other fetches nothing, and nobody would know why. */
function requireBothOfTwilio() {
  return z.superRefine<{ TWILIO_ACCOUNT_SID?: unknown; TWILIO_AUTH_TOKEN?: unknown }>(
    ({ TWILIO_ACCOUNT_SID: sid, TWILIO_AUTH_TOKEN: token }, context) => {
      if ((sid === undefined) === (token === undefined)) return;
      const [missing, other] =
        sid === undefined
          ? ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']
          : ['TWILIO_AUTH_TOKEN', 'TWILIO_ACCOUNT_SID'];
      context.addIssue({ code: 'custom', path: [missing], message: `is not set, and ${other} is` });
    },
  );
}

function isAboutRates(issue: { readonly path?: readonly PropertyKey[] | undefined }): boolean {
  return /^GROUPME_(?:MAX_)?RATE_PER_SECOND$/.test(String(issue.path?.[0]));
}
