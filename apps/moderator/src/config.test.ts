import { readFileSync } from 'node:fs';
import { compareEnvExample, parseConfig } from '@wbor/service';
import { expect, it } from 'vitest';
import { moderatorSettings } from './config.ts';

const env = {
  DATABASE_URL: 'postgres://a:secret-word@db/x',
  RABBITMQ_URL: 'amqp://a:b@rabbit/',
  GROUPME_GROUP_ID: '12345678',
};

it('has every setting in .env.example, and no other', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  expect(compareEnvExample(example, moderatorSettings)).toEqual({ missing: [], unknown: [] });
});

it('needs a database, a broker and a group only', () => {
  const config = parseConfig(moderatorSettings, env);
  expect(config).toMatchObject({ HEALTH_PORT: 2004, MODERATOR_USER_IDS: [], ANNOUNCE_EXPIRED_BANS: false });
  expect(JSON.stringify(config)).not.toContain('secret-word');
});

it('reads the list of user ids', () => {
  const config = parseConfig(moderatorSettings, { ...env, MODERATOR_USER_IDS: '17, 18,' });
  expect(config.MODERATOR_USER_IDS).toEqual(['17', '18']);
});

it('names what is missing', () => {
  expect(() => parseConfig(moderatorSettings, {})).toThrow(/DATABASE_URL is not set.*GROUPME_GROUP_ID/s);
});
