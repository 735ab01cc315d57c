import { expect, it } from 'vitest';
import { GatewayError } from '../errors.ts';
import { toGatewayError } from './errors.ts';

it('leaves our own errors alone', () => {
  const error = new GatewayError(429, 'RATE_LIMITED', 'wait');
  expect(toGatewayError(error)).toBe(error);
});

it('shows nothing of an error that nobody foresaw, and keeps it as the cause', () => {
  const thrown = new TypeError('a detail');
  const error = toGatewayError(thrown);
  expect([error.statusCode, error.code]).toEqual([500, 'INTERNAL']);
  expect(error.message).not.toContain('detail');
  expect(error.cause).toBe(thrown);
});

it('drops the text of JSON errors, which quotes the body', () => {
  const thrown = Object.assign(new SyntaxError('Unexpected token, "{"password":"hidden"'), {
    statusCode: 400,
  });
  const error = toGatewayError(thrown);
  expect([error.statusCode, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(`${error.message}${String(error.cause)}`).not.toContain('hidden');
});

it('keeps the status of other refusals', () => {
  const error = toGatewayError(Object.assign(new Error('hidden'), { statusCode: 405 }));
  expect([error.statusCode, error.code, error.message]).toEqual([405, 'REFUSED', 'Method Not Allowed']);
});
