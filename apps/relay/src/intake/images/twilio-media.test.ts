import { expect, it } from 'vitest';
import { authorizeTwilioMedia } from './twilio-media.ts';

const authorize = authorizeTwilioMedia({ sid: 'AC1', authToken: 'secret' });
const PATH = '/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1';

it('gives the credentials to the account’s media', () => {
  const expected = `Basic ${Buffer.from('AC1:secret').toString('base64')}`;
  expect(authorize(new URL(`https://api.twilio.com${PATH}`))).toBe(expected);
});

it.each([
  `http://api.twilio.com${PATH}`,
  `https://api.twilio.com:8443${PATH}`,
  `https://api.twilio.com.example.org${PATH}`,
  `https://evil.example/api.twilio.com${PATH}`,
  `https://api.twilio.com@evil.example${PATH}`,
  `https://media.twiliocdn.com${PATH}`,
  'https://api.twilio.com/2010-04-01/Accounts/AC2/Messages/MM1/Media/ME1',
  'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json',
  'https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1',
  'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x/Media/../../../Keys.json',
])('gives them to nobody else: %s', (url) => {
  expect(authorize(new URL(url))).toBeUndefined();
});
