import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { requireBroker } from './broker-address.ts';
import { brokerSettings, commonSettings } from './common-settings.ts';
import { flag, list, number, parseConfig, port, secret } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const schema = z
  .object({
    TOKEN: secret(),
    OPEN: flag().default(false),
    HOSTS: list().default([]),
    RATE: number().default(1),
    ...brokerSettings(),
    ...commonSettings({ healthPort: 2001 }),
  })
  .check(requireBroker);

const enough = { TOKEN: 'hush', RABBITMQ_URL: 'amqp://localhost' };

function faultsOf(env: Record<string, string>): string {
  try {
    parseConfig(schema, env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('parseConfig', () => {
  it('reads each kind of setting', () => {
    const config = parseConfig(schema, {
      ...enough,
      OPEN: 'yes',
      HOSTS: 'a, b,,',
      RATE: '0.5',
      HEALTH_PORT: '0',
    });
    expect(config).toMatchObject({ OPEN: true, HOSTS: ['a', 'b'], RATE: 0.5, HEALTH_PORT: 0 });
    expect(config.TOKEN.reveal()).toBe('hush');
  });

  it('names every fault at once and repeats no value', () => {
    const faults = faultsOf({
      RATE: 'fast',
      HEALTH_PORT: '99999',
      OPEN: 'maybe',
      RABBITMQ_URL: 'http://u:pa55@h',
    });
    for (const name of ['TOKEN is not set', 'RATE', 'HEALTH_PORT', 'OPEN']) expect(faults).toContain(name);
    expect(faults).not.toMatch(/fast|maybe|pa55/);
  });

  it('asks for one of the two ways to name the broker', () => {
    expect(faultsOf({ RATE: 'fast' })).toMatch(/RABBITMQ_HOST/);
    expect(faultsOf({ TOKEN: 'hush' })).toMatch(/RABBITMQ_URL is not set.*RABBITMQ_HOST/);
    expect(faultsOf({ TOKEN: 'hush', RABBITMQ_URL: 'http://h' })).toContain('amqp://');
    expect(faultsOf({ TOKEN: 'hush', RABBITMQ_HOST: 'h' })).toBe('');
  });

  it('reads NAME_FILE, and refuses both ways at once or a file that is not there', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'from-file\n');
    const env = { RABBITMQ_URL: enough.RABBITMQ_URL };
    expect(parseConfig(schema, { ...env, TOKEN_FILE: file }).TOKEN.reveal()).toBe('from-file');
    expect(faultsOf({ ...enough, TOKEN_FILE: file })).toContain('TOKEN and TOKEN_FILE are both set');
    expect(faultsOf({ ...env, TOKEN_FILE: join(folder, 'none') })).toContain('TOKEN_FILE');
  });
});

it('a secret does not show itself', () => {
  const { TOKEN } = parseConfig(schema, enough);
  for (const shown of [
    String(TOKEN),
    JSON.stringify({ TOKEN }),
    inspect({ TOKEN }, { depth: null, showHidden: true }),
  ]) {
    expect(shown).not.toContain('hush');
  }
});

it('a port is a whole number in range', () => {
  expect(z.safeParse(port(), '5672').data).toBe(5672);
  for (const value of ['-1', '65536', '1.5', 'x']) expect(z.safeParse(port(), value).success).toBe(false);
});
