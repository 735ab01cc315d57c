import { readFileSync } from 'node:fs';
import { ConfigError, compareEnvExample, parseConfig } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { maxRatePerSecond, relaySettings } from './config.ts';

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

describe('the rates', () => {
  const parse = (rates: Record<string, string>) => parseConfig(relaySettings, { ...enough, ...rates });

  it('have a maximum of 4, or of the start where that is more', () => {
    expect(maxRatePerSecond(parse({}))).toBe(4);
    expect(maxRatePerSecond(parse({ GROUPME_RATE_PER_SECOND: '25' }))).toBe(25);
    expect(maxRatePerSecond(parse({ GROUPME_MAX_RATE_PER_SECOND: '2' }))).toBe(2);
  });

  it('are refused, both named, when the start is above the maximum, also beside other faults', () => {
    const wrong = { GROUPME_RATE_PER_SECOND: '5', GROUPME_MAX_RATE_PER_SECOND: '2' };
    expect(() => parse(wrong)).toThrow(/GROUPME_MAX_RATE_PER_SECOND is less than GROUPME_RATE_PER_SECOND/);
    expect(() => parse({ ...wrong, ACK_URL: 'nowhere' })).toThrow(/ACK_URL.*GROUPME_MAX_RATE_PER_SECOND/);
    expect(() => parse({ ...wrong, GROUPME_RATE_PER_SECOND: 'fast' })).toThrow(
      /^(?!.*is less than).*GROUPME_RATE_PER_SECOND must be a number/,
    );
  });

  it('may have any maximum when there is no limit', () => {
    const config = parse({ GROUPME_RATE_PER_SECOND: '0', GROUPME_MAX_RATE_PER_SECOND: '2' });
    expect(config.GROUPME_RATE_PER_SECOND).toBe(0);
  });
});

describe('the Twilio account', () => {
  it.each([
    [{ TWILIO_ACCOUNT_SID: 'AC1' }, /TWILIO_AUTH_TOKEN is not set, and TWILIO_ACCOUNT_SID is/],
    [{ TWILIO_AUTH_TOKEN: 'secret' }, /TWILIO_ACCOUNT_SID is not set, and TWILIO_AUTH_TOKEN is/],
  ])('is named with its token, or not at all: %j', (env, fault) => {
    expect(() => parseConfig(relaySettings, { ...enough, ...env })).toThrow(fault);
  });
});
