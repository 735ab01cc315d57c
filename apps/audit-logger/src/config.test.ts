import { readFileSync } from 'node:fs';
import { ConfigError, compareEnvExample, parseConfig } from '@wbor/service';
import { expect, it } from 'vitest';
import { auditLoggerSettings } from './config.ts';

const env = { DATABASE_URL: 'postgres://a:secret-word@db/x', RABBITMQ_URL: 'amqp://a:b@rabbit/' };

it('has every setting in .env.example, and no other', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  expect(compareEnvExample(example, auditLoggerSettings)).toEqual({ missing: [], unknown: [] });
});

it('needs a database and a broker only', () => {
  const config = parseConfig(auditLoggerSettings, env);
  expect(config).toMatchObject({ HEALTH_PORT: 2003, RABBITMQ_EXCHANGE: 'source_exchange', QUEUE_PREFIX: '' });
  expect(JSON.stringify(config)).not.toContain('secret-word');
});

it('names what is missing', () => {
  expect(() => parseConfig(auditLoggerSettings, {})).toThrow(/DATABASE_URL is not set/);
});

it('refuses a URL that is not one of Postgres, without repeating it', () => {
  const parse = () =>
    parseConfig(auditLoggerSettings, { ...env, DATABASE_URL: 'mysql://a:secret-word@db/x' });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(/^(?!.*secret-word).*DATABASE_URL must look like postgres:/);
});
