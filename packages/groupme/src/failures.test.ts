import { describe, expect, it } from 'vitest';
import { toGroupMeError } from './failures.ts';
import type { HttpAnswer } from './http.ts';
import { createRedactor } from './redact.ts';

function makeAnswer(status: number, body = '', headers: Record<string, string> = {}): HttpAnswer {
  return { status, body, header: (name) => headers[name], durationMs: 12 };
}

function classify(status: number, authorisation: 'bot' | 'token', body = '') {
  return toGroupMeError(makeAnswer(status, body), 'route', authorisation, (text) => text).code;
}

describe('what a status means', () => {
  it.each([
    [429, 'GROUPME_RATE_LIMITED'],
    [420, 'GROUPME_RATE_LIMITED'],
    [401, 'GROUPME_CONFIGURATION'],
    [404, 'GROUPME_CONFIGURATION'],
    [500, 'GROUPME_UNKNOWN_OUTCOME'],
    [502, 'GROUPME_UNKNOWN_OUTCOME'],
    [503, 'GROUPME_UNKNOWN_OUTCOME'],
    [599, 'GROUPME_UNKNOWN_OUTCOME'],
    [408, 'GROUPME_UNKNOWN_OUTCOME'],
    [400, 'GROUPME_REJECTED'],
    [403, 'GROUPME_REJECTED'],
    [413, 'GROUPME_REJECTED'],
    [301, 'GROUPME_CONFIGURATION'],
    [307, 'GROUPME_CONFIGURATION'],
  ])('of a post, %i is %s', (status, code) => {
    expect(classify(status, 'bot')).toBe(code);
  });

  it.each([
    [401, 'GROUPME_CONFIGURATION'],
    [403, 'GROUPME_CONFIGURATION'],
    [404, 'GROUPME_REJECTED'],
    [400, 'GROUPME_REJECTED'],
    [429, 'GROUPME_RATE_LIMITED'],
    [503, 'GROUPME_UNKNOWN_OUTCOME'],
  ])('of a call with the token, %i is %s', (status, code) => {
    expect(classify(status, 'token')).toBe(code);
  });

  it.each(['request timeout', 'Request Timeout', 'request timed out'])(
    'a 4xx that says %j leaves the outcome unknown',
    (words) => {
      const body = JSON.stringify({ meta: { code: 400, errors: [words] }, response: null });
      expect(classify(400, 'bot', body)).toBe('GROUPME_UNKNOWN_OUTCOME');
      expect(classify(404, 'bot', body)).toBe('GROUPME_UNKNOWN_OUTCOME');
    },
  );

  it('a refusal stays one, whatever it says', () => {
    expect(classify(429, 'bot', 'request timeout')).toBe('GROUPME_RATE_LIMITED');
  });
});

describe('what an error tells', () => {
  it('holds status, duration, wait and the words of GroupMe', () => {
    const body = JSON.stringify({ meta: { code: 42900, errors: ['slow down', 'please'] } });
    const error = toGroupMeError(makeAnswer(429, body, { 'retry-after': '3' }), 'bots/post', 'bot', (t) => t);
    expect(error).toMatchObject({
      status: 429,
      durationMs: 12,
      retryAfterMs: 3_000,
      detail: 'slow down; please',
      message: 'bots/post answered 429: slow down; please',
    });
  });

  it('takes a body that is not GroupMe JSON as it is, on one line and cut at 200 characters', () => {
    const error = toGroupMeError(makeAnswer(502, `<html>\n  ${'x'.repeat(500)}`), 'r', 'bot', (text) => text);
    expect(error.detail).toBe(`<html> ${'x'.repeat(193)}`);
  });

  it('has no detail when GroupMe said nothing', () => {
    expect(toGroupMeError(makeAnswer(500, ' '), 'r', 'bot', (text) => text).detail).toBeUndefined();
  });

  it('redacts before it cuts, so that no piece of a secret is left at the edge', () => {
    const secret = 'secret-0123456789';
    const body = `${'x'.repeat(190)}${secret}`;
    const error = toGroupMeError(makeAnswer(400, body), 'r', 'bot', createRedactor([secret]));
    expect(error.detail).toBe(`${'x'.repeat(190)}[redacted]`);
  });

  it('does not repeat a success that could not be read: that is what people wrote', () => {
    const error = toGroupMeError(makeAnswer(200, '{"messages":"private"'), 'groups', 'token', (text) => text);
    expect(error.code).toBe('GROUPME_UNKNOWN_OUTCOME');
    expect(`${error.message} ${error.detail}`).not.toContain('private');
  });
});
