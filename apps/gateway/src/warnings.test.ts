import { Secret } from '@wbor/service';
import { expect, it } from 'vitest';
import { warnAboutSettings } from './warnings.ts';

function warningsOf(config: {
  password?: string;
  tokens?: string;
  secret?: string;
  open?: boolean;
  twilio?: string;
  publicUrl?: string;
}): string {
  const lines: string[] = [];
  warnAboutSettings(
    {
      APP_PASSWORD: config.password === undefined ? undefined : new Secret(config.password),
      TOKENS_FILE: config.tokens,
      GROUPME_CALLBACK_SECRET: config.secret === undefined ? undefined : new Secret(config.secret),
      ALLOW_OPEN_CALLBACK: config.open ?? false,
      TWILIO_AUTH_TOKEN: config.twilio === undefined ? undefined : new Secret(config.twilio),
      PUBLIC_URL: config.publicUrl,
    },
    { warn: (fields, message) => lines.push(JSON.stringify(fields) + message) },
  );
  return lines.join('\n');
}

const long = 'long-enough-not-to-be-guessed';

it('says nothing about sound settings', () => {
  expect(warningsOf({ password: long, secret: long })).toBe('');
});

it('says that every /send will be refused without a password', () => {
  expect(warningsOf({ secret: long })).toMatch(/APP_PASSWORD is not set: every \/send/);
  expect(warningsOf({ secret: long, tokens: 'tokens.json' })).toBe('');
});

it('says that the callback is closed, open, or that opening it was ignored', () => {
  expect(warningsOf({ password: long })).toContain('/callback is closed');
  expect(warningsOf({ password: long, open: true })).toContain('anybody can post /callback');
  expect(warningsOf({ password: long, secret: long, open: true })).toContain('is ignored');
});

it("says that Twilio's hook is closed without the address that Twilio calls", () => {
  const settings = { password: long, secret: long, twilio: 'the-auth-token' };
  expect(warningsOf(settings)).toMatch(/PUBLIC_URL is not set.*is closed/);
  expect(warningsOf({ ...settings, publicUrl: 'https://wbor.test' })).toBe('');
});

it('says that a secret is short, without showing it', () => {
  const warnings = warningsOf({ password: 'pw-short', secret: 'cb-short' });
  expect(warnings).toMatch(/APP_PASSWORD is shorter.*\n.*GROUPME_CALLBACK_SECRET is shorter/);
  expect(warnings).not.toMatch(/pw-short|cb-short/);
});
