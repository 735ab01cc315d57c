import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { brokerAddress, requireBroker } from './broker-address.ts';
import { brokerSettings } from './common-settings.ts';
import { parseConfig } from './settings.ts';

const schema = z.object(brokerSettings()).check(requireBroker);
const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const secure = { RABBITMQ_URL: 'amqps://h' };

function faultsOf(env: Record<string, string>): string {
  try {
    parseConfig(schema, env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('brokerAddress', () => {
  it('escapes what a URL could trip over', () => {
    const config = parseConfig(schema, {
      RABBITMQ_HOST: 'mq',
      RABBITMQ_USER: 'a@b',
      RABBITMQ_PASS: 'p/w:x',
      RABBITMQ_VHOST: 'my/host',
    });
    expect(brokerAddress(config).url).toBe('amqp://a%40b:p%2Fw%3Ax@mq:5672/my%2Fhost');
  });

  it('reads the nodes of a cluster', () => {
    const config = parseConfig(schema, { RABBITMQ_URLS: 'amqps://u:a%2Cb@one, amqps://u:a%2Cb@two/v,' });
    expect(brokerAddress(config)).toMatchObject({
      url: 'amqps://u:a%2Cb@one',
      otherUrls: ['amqps://u:a%2Cb@two/v'],
    });
  });
});

describe('requireBroker', () => {
  it.each([
    [{ RABBITMQ_URLS: 'amqp://a', RABBITMQ_URL: 'amqp://a' }, 'RABBITMQ_URLS and RABBITMQ_URL are both set'],
    [{ RABBITMQ_URLS: 'amqp://u:pa55,word@a,amqp://b' }, 'RABBITMQ_URLS must look like'],
    [{ RABBITMQ_URLS: ',' }, 'RABBITMQ_URL is not set'],
    [{ RABBITMQ_HOST: 'h', RABBITMQ_CA: 'x' }, 'RABBITMQ_CA is of use with amqps:// in'],
    [{ ...secure, RABBITMQ_CA: '/etc/ca.pem' }, 'a file is named by RABBITMQ_CA_FILE'],
    [{ ...secure, RABBITMQ_CERT: 'x' }, 'RABBITMQ_KEY is not set, but RABBITMQ_CERT is'],
    [{ ...secure, RABBITMQ_KEY: key }, 'RABBITMQ_CERT is not set, but RABBITMQ_KEY is'],
    [{ ...secure, RABBITMQ_KEY: key, RABBITMQ_CERT: 'x' }, 'RABBITMQ_CERT is no certificate in PEM'],
  ])('says what is wrong: %o', (env, fault) => {
    expect(faultsOf(env)).toContain(fault);
    expect(faultsOf(env)).not.toMatch(/pa55|PRIVATE/);
  });

  it('takes TLS with nothing more said', () => {
    expect(faultsOf(secure)).toBe('');
  });
});
