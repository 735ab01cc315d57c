import { readFileSync } from 'node:fs';
import { ConfigError, compareEnvExample, parseConfig } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { relaySettings } from './config.ts';

const enough = { RABBITMQ_URL: 'amqp://localhost', GROUPME_BOT_ID: 'bot' };

describe('relay settings', () => {
  it('are all in .env.example, and nothing else is', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    expect(compareEnvExample(example, relaySettings)).toEqual({ missing: [], unknown: [] });
  });

  it('have the defaults that others build on', () => {
    expect(parseConfig(relaySettings, enough)).toMatchObject({
      RABBITMQ_EXCHANGE: 'source_exchange',
      QUEUE_PREFIX: '',
      GROUPME_API_URL: 'https://api.groupme.com/v3',
      GROUPME_IMAGE_URL: 'https://image.groupme.com',
      GROUPME_CHARACTER_LIMIT: 900,
      GROUPME_RATE_PER_SECOND: 1,
      LOG_LEVEL: 'info',
    });
  });

  it('names every fault in one error', () => {
    const env = { GROUPME_CHARACTER_LIMIT: '2000', ACK_URL: 'nowhere' };
    expect(() => parseConfig(relaySettings, env)).toThrow(ConfigError);
    expect(() => parseConfig(relaySettings, env)).toThrow(
      /GROUPME_BOT_ID is not set.*GROUPME_CHARACTER_LIMIT.*ACK_URL/,
    );
  });

  it('takes an empty variable as not set', () => {
    expect(parseConfig(relaySettings, { ...enough, ACK_URL: '' }).ACK_URL).toBeUndefined();
  });
});
