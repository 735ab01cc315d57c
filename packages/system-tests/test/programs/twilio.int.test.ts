import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { startHttpServer, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProgramsBed, startForPrograms } from './bed.ts';

const AUTH_TOKEN = 'auth-token-of-the-account';
/** As Twilio was given it; the proxy takes `/radio` away and calls us by another name. */
const PUBLIC_URL = 'https://wbor.test/radio';
const PATH = '/hooks/twilio/sms';

let bed: ProgramsBed<'ups'>;

beforeAll(async () => {
  bed = await startForPrograms({
    sources: ['ups'],
    gatewayEnv: { TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL },
    relayEnv: { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: AUTH_TOKEN },
  });
});
afterAll(() => bed?.stop());

let sent = 0;
/** An SMS as Twilio tells of it. */
function sms(more: Record<string, string> = {}): Record<string, string> {
  sent += 1;
  return {
    ToCountry: 'US',
    ToState: 'ME',
    SmsMessageSid: `SM${sent}`,
    NumMedia: '0',
    SmsSid: `SM${sent}`,
    SmsStatus: 'received',
    FromCountry: 'US',
    MessageSid: `SM${sent}`,
    AccountSid: 'AC1',
    From: '+12075550123',
    To: '+12075550199',
    Body: `sms ${sent}: what’s the song? + 100% ☃`,
    NumSegments: '1',
    ApiVersion: '2010-04-01',
    ...more,
  };
}

function sign(fields: Record<string, string>, url = `${PUBLIC_URL}${PATH}`, key = AUTH_TOKEN): string {
  const signed = Object.keys(fields)
    .sort()
    .map((name) => name + fields[name]);
  return createHmac('sha1', key)
    .update(url + signed.join(''))
    .digest('base64');
}

/** Over a proxy: the host that we see is not the one that was signed. `fetch` would not let us say so. */
function call(fields: Record<string, string>, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; type: string | undefined; body: string }>(
    (resolve, reject) => {
      const outgoing = request(`${bed.gatewayUrl}${PATH}`, { method: 'POST' }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (more: string) => {
          body += more;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode, type: response.headers['content-type'], body }),
        );
      });
      outgoing.on('error', reject);
      outgoing.setHeader('host', 'gateway.internal:2000');
      outgoing.setHeader('x-forwarded-host', 'attacker.test');
      outgoing.setHeader('x-forwarded-proto', 'http');
      outgoing.setHeader('content-type', 'application/x-www-form-urlencoded; charset=UTF-8');
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
      outgoing.end(new URLSearchParams(fields).toString());
    },
  );
}

const signed = (fields: Record<string, string>, signature = sign(fields)) =>
  call(fields, { 'x-twilio-signature': signature });

const postsOf = ({ Body = '' }: Record<string, string>) => bed.posts().filter((text) => text.includes(Body));

/** All that was taken before this has been posted, or never will be. */
async function waitForAllBefore(): Promise<void> {
  const last = sms();
  expect((await signed(last)).status).toBe(200);
  await waitFor(() => postsOf(last).length === 1, { what: 'the last SMS in the chat' });
}

it('a signed SMS is answered with TwiML and in the chat once, also behind a proxy', async () => {
  const fields = sms();
  expect(await signed(fields)).toEqual({
    status: 200,
    type: expect.stringContaining('text/xml'),
    body: '<Response/>',
  });
  await waitForAllBefore();
  expect(postsOf(fields)).toHaveLength(1);
});

it('the same signed call again and again is one message', async () => {
  const fields = sms();
  const answers = await Promise.all(Array.from({ length: 5 }, () => signed(fields)));
  answers.push(await signed(fields));
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
  await waitForAllBefore();
  expect(postsOf(fields)).toHaveLength(1);
});

it('without a right signature it is 403 and nothing', async () => {
  const fields = sms();
  const wrong: Record<string, string>[] = [
    {},
    { 'x-twilio-signature': '' },
    { 'x-twilio-signature': sign(fields, undefined, 'guess') },
    { 'x-twilio-signature': sign(fields, `http://gateway.internal:2000${PATH}`) },
    { 'x-twilio-signature': sign(fields, `https://attacker.test/radio${PATH}`) },
    { 'x-twilio-signature': sign({ ...fields, Body: 'other words' }) },
    { 'x-twilio-signature': sign({ ...fields, MediaUrl0: 'https://attacker.test/' }) },
    { 'x-twilio-signature': sign(fields).slice(0, -1) },
    { authorization: `Bearer ${bed.tokens.ups}` },
  ];
  for (const headers of wrong) expect((await call(fields, headers)).status).toBe(403);
  await waitForAllBefore();
  expect(postsOf(fields)).toEqual([]);
  expect(await bed.count('groupme_posts', `text LIKE '%${fields.Body?.slice(0, 6)}%'`)).toBe(0);
});

it('a picture from anywhere but Twilio is fetched without the credentials of the account', async () => {
  const web = await startHttpServer();
  bed.onStop(() => web.dispose());
  web.handle({
    '/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1': (_request, response) =>
      void response.writeHead(404).end(),
  });
  const url = `${web.url}/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1`;
  const fields = sms({ NumMedia: '1', MediaUrl0: url, MediaContentType0: 'image/png' });
  expect((await signed(fields)).status).toBe(200);
  await waitFor(() => postsOf(fields).length === 1, { what: 'its words in the chat' });
  const asked = web.requests;
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

it('neither the number, the words nor the secret are in a log', () => {
  const logs = bed.service('gateway').output() + bed.service('relay').output();
  expect(logs).not.toMatch(/2075550123|what’s the song|auth-token-of/);
});
