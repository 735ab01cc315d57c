import { expect, it } from 'vitest';
import { createEvents } from './events.ts';
import { createRequestLog } from './request-log.ts';

const make = (maxRecords = 100) => createRequestLog({ maxRecords, events: createEvents() });
const received = { method: 'POST', url: '/v3/bots/post', headers: {}, body: undefined };

it('keeps no token, neither of the header nor of the query', () => {
  const record = make().begin(
    {
      ...received,
      url: '/v3/bots?token=secret1&access_token=secret2&limit=3',
      headers: { 'x-access-token': 'secret3', 'content-type': 'text/plain', cookie: 'secret4' },
    },
    null,
  );
  expect(JSON.stringify(record)).not.toContain('secret');
  expect(record).toMatchObject({
    path: '/v3/bots',
    query: { token: '[redacted]', access_token: '[redacted]', limit: '3' },
    headers: { 'x-access-token': '[redacted]', 'content-type': 'text/plain' },
  });
});

it('keeps JSON parsed, and of anything else the length and the hash', () => {
  const log = make();
  const begin = (body: string) => log.begin({ ...received, body: Buffer.from(body) }, null);
  expect(begin('{"text":"hi"}')).toMatchObject({ json: { text: 'hi' } });
  expect(begin('{"text":')).toMatchObject({ bytes: 8 });
  expect(begin('abc')).toMatchObject({
    bytes: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
});

it('takes the first ending of a request for the true one', () => {
  const log = make();
  const record = log.begin(received, null);
  log.end(record, 'answered', 202);
  log.end(record, 'abandoned');
  expect(record).toMatchObject({ ending: 'answered', status: 202 });
});

it('forgets the oldest beyond its bound, and counts on after clearing', () => {
  const log = make(10);
  for (let count = 0; count < 50; count += 1) log.begin(received, null);
  expect(log.all().length).toBeLessThanOrEqual(11);
  expect(log.all().at(-1)?.seq).toBe(50);
  log.clear();
  expect(log.begin(received, null).seq).toBe(51);
});
