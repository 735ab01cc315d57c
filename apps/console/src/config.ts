import { countrySetting } from '@wbor/phone';
import {
  brokerSettings,
  commonSettings,
  databaseSettings,
  list,
  number,
  port,
  requireBroker,
  secret,
  trustProxySetting,
} from '@wbor/service';
import { timeZoneSetting } from '@wbor/station-clock';
import { z } from 'zod';
import { roles } from './auth/roles.ts';
import { parseServices } from './health/services.ts';

const webOrigin = () => z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** The console's environment. */
export const consoleSettings = z
  .object({
    ...commonSettings({ healthPort: 2005 }),
    ...brokerSettings(),
    ...databaseSettings(),
    CONSOLE_PORT: port().default(2010).describe('Port of the pages.'),
    CONSOLE_HOST: z.string().default('0.0.0.0').describe('Address that CONSOLE_PORT listens on.'),
    CONSOLE_URL: webOrigin()
      .optional()
      .describe(
        'Our address as people type it: https://console.example.org. Needed behind a proxy and for OpenID Connect.',
      ),
    CONSOLE_PASSWORD: secret()
      .refine((password) => password.reveal().length >= 12, 'must have at least 12 characters')
      .optional()
      .describe('One password for everybody, of at least 12 characters, for a small station.'),
    CONSOLE_PASSWORD_ROLE: z
      .enum(roles)
      .default('operator')
      .describe('What whoever knows CONSOLE_PASSWORD may do: viewer, moderator or operator.'),
    OIDC_ISSUER: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Sign-in by OpenID Connect: the address of the provider, as its issuer says it.'),
    OIDC_CLIENT_ID: z.string().optional().describe('What the provider calls the console.'),
    OIDC_CLIENT_SECRET: secret().optional().describe('What the console shows to the provider.'),
    OIDC_SCOPES: z.string().default('openid profile email').describe('What the provider is asked for.'),
    OIDC_GROUPS_CLAIM: z
      .string()
      .default('groups')
      .describe('The claim that lists the groups of whoever signs in.'),
    PROXY_USER_HEADER: z
      .string()
      .toLowerCase()
      .optional()
      .describe(
        'Sign-in by a proxy: the header in which it tells who it is, x-forwarded-user for example. Needs TRUST_PROXY.',
      ),
    PROXY_GROUPS_HEADER: z
      .string()
      .toLowerCase()
      .optional()
      .describe(
        'The header in which that proxy tells the groups, separated by commas; without this no header of groups counts.',
      ),
    TRUST_PROXY: trustProxySetting(
      'Proxies whose X-Forwarded-For counts, and the headers above: CIDRs, addresses, or loopback, linklocal, uniquelocal.',
    ),
    VIEWERS: list()
      .default([])
      .describe('Groups, or verified e-mail addresses, that may look at everything; * is everybody.'),
    MODERATORS: list().default([]).describe('Those that may ban, too, and see numbers in full.'),
    OPERATORS: list().default([]).describe('Those that may replay, discard and send tests, too.'),
    SESSION_HOURS: number()
      .pipe(z.number().min(0.1).max(720))
      .default(12)
      .describe('How long a sign-in lasts at most; it ends after two hours without a page, too.'),
    SERVICES: z
      .string()
      .default('')
      .transform((value, context) => {
        const { faults, services } = parseServices(value);
        for (const fault of faults) context.addIssue({ code: 'custom', message: fault });
        return services;
      })
      .describe('Health ports to look at: relay=http://relay:2001,gateway=http://gateway:2002 and so on.'),
    PICTURE_ORIGINS: list()
      .default(['https://i.groupme.com'])
      .describe('Origins whose pictures the pages show: GroupMe’s. Any other address is text.'),
    STATION_TIME_ZONE: timeZoneSetting(
      'Time zone of the station: times on the pages, and where days are cut.',
    ),
    STATION_COUNTRY: countrySetting(),
  })
  .check(requireBroker)
  .check(({ issues, value }) => {
    const fault = signInFault(value);
    if (fault !== undefined) issues.push({ code: 'custom', message: fault, input: value, path: [] });
  });

export type ConsoleConfig = z.infer<typeof consoleSettings>;

function signInFault(config: {
  readonly CONSOLE_PASSWORD?: unknown;
  readonly OIDC_ISSUER?: string | undefined;
  readonly OIDC_CLIENT_ID?: string | undefined;
  readonly CONSOLE_URL?: string | undefined;
  readonly PROXY_USER_HEADER?: string | undefined;
  readonly TRUST_PROXY: readonly string[];
}): string | undefined {
  if (config.OIDC_ISSUER !== undefined) {
    if (config.OIDC_CLIENT_ID === undefined) return 'OIDC_ISSUER needs OIDC_CLIENT_ID';
    if (config.CONSOLE_URL === undefined) return 'OIDC_ISSUER needs CONSOLE_URL';
  }
  if (config.PROXY_USER_HEADER !== undefined && config.TRUST_PROXY.length === 0) {
    return 'PROXY_USER_HEADER needs TRUST_PROXY: anybody could send that header';
  }
  const ways = [config.CONSOLE_PASSWORD, config.OIDC_ISSUER, config.PROXY_USER_HEADER];
  if (ways.every((way) => way === undefined)) {
    return 'nobody could sign in: set CONSOLE_PASSWORD, OIDC_ISSUER or PROXY_USER_HEADER';
  }
  return undefined;
}
