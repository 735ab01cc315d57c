import { expect, it } from 'vitest';
import { parseTrustProxy } from './trust-proxy.ts';

it.each([
  ['', []],
  ['loopback', ['loopback']],
  [' 10.0.0.0/8 , 192.168.1.7,', ['10.0.0.0/8', '192.168.1.7']],
  ['2001:db8::/32,::1', ['2001:db8::/32', '::1']],
])('takes %j', (value, proxies) => {
  expect(parseTrustProxy(value)).toEqual({ proxies, faults: [] });
});

it.each([
  '1',
  'true',
  'false',
  'proxy.example.org',
  '10.0.0.0/33',
  '10.0.0.0/0',
  '10.0.0.0/8/8',
  '10.0.0/8',
  '2001:db8::/129',
])('refuses %j with one fault that shows what to write', (value) => {
  const { proxies, faults } = parseTrustProxy(value);
  expect(proxies).toEqual([]);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain('for example 10.0.0.0/8');
});

it('names each bad entry of a list', () => {
  expect(parseTrustProxy('1,loopback,2').faults).toHaveLength(2);
});
