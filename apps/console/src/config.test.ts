import { readFileSync } from 'node:fs';
import { compareEnvExample, parseConfig } from '@wbor/service';
import { expect, it } from 'vitest';
import { consoleSettings } from './config.ts';

const env = {
  DATABASE_URL: 'postgres://a:secret-word@db/x',
  RABBITMQ_URL: 'amqp://a:b@rabbit/',
  CONSOLE_PASSWORD: 'secret-word-of-all',
};

it('has every setting in .env.example, and no other', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  expect(compareEnvExample(example, consoleSettings)).toEqual({ missing: [], unknown: [] });
});

it('needs a database, a broker and a way to sign in only', () => {
  const config = parseConfig(consoleSettings, env);
  expect(config).toMatchObject({ CONSOLE_PORT: 2010, HEALTH_PORT: 2005, CONSOLE_PASSWORD_ROLE: 'operator' });
  expect(JSON.stringify(config)).not.toContain('secret-word');
});

it.each([
  [{ CONSOLE_PASSWORD: '' }, /nobody could sign in/],
  [{ CONSOLE_PASSWORD: 'short' }, /at least 12 characters/],
  [{ OIDC_ISSUER: 'https://login.example.org' }, /OIDC_ISSUER needs OIDC_CLIENT_ID/],
  [{ PROXY_USER_HEADER: 'x-forwarded-user' }, /needs TRUST_PROXY/],
  [{ SERVICES: 'relay' }, /must look like relay=/],
])('refuses %j', (changes, fault) => {
  expect(() => parseConfig(consoleSettings, { ...env, ...changes })).toThrow(fault);
});
