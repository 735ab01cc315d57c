import { readFileSync } from 'node:fs';
import { ConfigError, compareEnvExample, parseConfig } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { gatewaySettings } from './config.ts';

const broker = { RABBITMQ_URL: 'amqp://localhost' };

function faultsOf(env: Record<string, string>): string {
  try {
    parseConfig(gatewaySettings, { ...broker, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the settings', () => {
  it('need a broker only', () => {
    const config = parseConfig(gatewaySettings, broker);
    expect(config).toMatchObject({
      APP_PORT: 2000,
      APP_HOST: '0.0.0.0',
      ALLOW_OPEN_CALLBACK: false,
      TRUST_PROXY: [],
    });
    expect(config.APP_PASSWORD).toBeUndefined();
    expect(() => parseConfig(gatewaySettings, {})).toThrow('RABBITMQ_URL');
  });

  it('are all in .env.example, and nothing else is', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    expect(compareEnvExample(example, gatewaySettings)).toEqual({ missing: [], unknown: [] });
  });

  it('name every fault at once', () => {
    const faults = faultsOf({ APP_PORT: 'x', ALLOW_OPEN_CALLBACK: 'maybe', RATE_LIMIT_SEND: '-1' });
    for (const name of ['APP_PORT', 'ALLOW_OPEN_CALLBACK', 'RATE_LIMIT_SEND']) expect(faults).toContain(name);
  });

  it('refuse a callback secret that a URL cannot hold, without repeating it', () => {
    const faults = faultsOf({ GROUPME_CALLBACK_SECRET: 'with/slash' });
    expect(faults).toContain('GROUPME_CALLBACK_SECRET');
    expect(faults).not.toContain('with/slash');
  });

  it('refuse a hop count for TRUST_PROXY and say what to write', () => {
    expect(faultsOf({ TRUST_PROXY: '1' })).toMatch(/TRUST_PROXY holds the bare number 1.*CIDR/);
  });

  it('wrap secrets', () => {
    const config = parseConfig(gatewaySettings, {
      ...broker,
      APP_PASSWORD: 'hidden-1',
      GROUPME_CALLBACK_SECRET: 'hidden-2',
      GROUPME_BOT_ID: 'hidden-3',
    });
    expect(JSON.stringify(config)).not.toContain('hidden');
    expect(config.GROUPME_CALLBACK_SECRET?.reveal()).toBe('hidden-2');
  });
});
