import { parseConfig } from '@wbor/service';
import { expect, it } from 'vitest';
import { consoleSettings } from '../config.ts';
import { signInRules } from './sign-in-rules.ts';

const settings = {
  RABBITMQ_URL: 'amqp://127.0.0.1',
  DATABASE_URL: 'postgres://127.0.0.1/wbor',
  CONSOLE_PASSWORD: 'twelve letters',
  OPERATORS: 'on-call',
};
const rulesOf = (more: Record<string, string>) =>
  signInRules(parseConfig(consoleSettings, { ...settings, ...more }));

it.each([
  { CONSOLE_PASSWORD: 'twelve other letters' },
  { CONSOLE_PASSWORD_ROLE: 'viewer' },
  { OPERATORS: '' },
  { MODERATORS: 'staff' },
  { VIEWERS: '*' },
  { PROXY_USER_HEADER: 'x-forwarded-user', TRUST_PROXY: 'loopback' },
])('are others with %j', (change) => {
  expect(rulesOf(change)).not.toBe(rulesOf({}));
});

it('are the same with whatever else is changed', () => {
  expect(rulesOf({ CONSOLE_PORT: '3000', SESSION_HOURS: '1' })).toBe(rulesOf({}));
});
