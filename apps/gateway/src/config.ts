import {
  brokerSettings,
  commonSettings,
  flag,
  number,
  port,
  requireBroker,
  secret,
  trustProxySetting,
} from '@wbor/service';
import { z } from 'zod';

const perMinute = () => number().pipe(z.number().int('must be a whole number').min(0).max(1_000_000));

/** The gateway's environment. */
export const gatewaySettings = z
  .object({
    ...commonSettings({ healthPort: 2002 }),
    ...brokerSettings(),
    APP_PORT: port().default(2000).describe('Port of /send, /callback and the API reference.'),
    // All interfaces: producers and GroupMe call from other machines, and in a container loopback is useless.
    APP_HOST: z.string().default('0.0.0.0').describe('Address that APP_PORT listens on.'),
    APP_PASSWORD: secret()
      .optional()
      .describe('Shared password of those who may POST /send, as any source. Without it only tokens count.'),
    TOKENS_FILE: z
      .string()
      .optional()
      .describe(
        'File of the tokens of sources, which `npm run token` makes and changes. Read again when it changes.',
      ),
    // Anything else would have to be escaped in the URL that is given to GroupMe.
    GROUPME_CALLBACK_SECRET: z
      .string()
      .max(256)
      .regex(/^[\w.~-]+$/, 'may hold letters, digits and - . _ ~ only, since it is part of a URL')
      .pipe(secret())
      .optional()
      .describe(
        'Last part of the callback URL given to GroupMe: /callback/<secret>. Without one /callback is closed.',
      ),
    ALLOW_OPEN_CALLBACK: flag()
      .default(false)
      .describe('Accept callbacks from anybody when there is no GROUPME_CALLBACK_SECRET. For tests only.'),
    GROUPME_BOT_ID: secret().optional().describe('Added to callbacks as bot_id, for the audit.'),
    TWILIO_AUTH_TOKEN: secret()
      .optional()
      .describe(
        "The account's token at Twilio, by which /hooks/twilio/sms knows Twilio. Without it that is closed.",
      ),
    PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional()
      .describe(
        'Our address as Twilio calls it, before /hooks: https://example.org, with a path if a proxy takes one away.',
      ),
    HOOKS_FILE: z
      .string()
      .optional()
      .describe(
        'File of the templates of /hooks/:name, see apps/gateway/examples/hooks.json. Read at the start.',
      ),
    SPOOL_FILE: z
      .string()
      .optional()
      .describe(
        'File in which callbacks, hooks and /bots/post wait while the broker is away. Without one they get 503.',
      ),
    SPOOL_MAX_BYTES: number()
      .pipe(z.number().int('must be a whole number').min(1_000_000))
      .default(268_435_456)
      .describe('The most that may wait in SPOOL_FILE.'),
    SPOOL_SEND: flag()
      .default(false)
      .describe(
        'Answer /send with 202 from the spool, too. Its callers can repeat, so they get 503 by default.',
      ),
    TRUST_PROXY: trustProxySetting(
      'Proxies whose X-Forwarded-For counts: CIDRs, addresses, or loopback, linklocal, uniquelocal.',
    ),
    RATE_LIMIT_SEND: perMinute()
      .default(600)
      .describe(
        'Calls a minute and token, before they are answered 429; with the password a minute, address and source; 0 = no limit.',
      ),
    RATE_LIMIT_REFUSED: perMinute()
      .default(30)
      .describe('Refused calls a minute and address (bad password, unknown path), before 429; 0 = no limit.'),
    RATE_LIMIT_PUBLIC: perMinute()
      .default(60)
      .describe('Calls a minute and address of the pages that need no password; 0 = no limit.'),
  })
  .check(requireBroker);

export type GatewayConfig = z.infer<typeof gatewaySettings>;
