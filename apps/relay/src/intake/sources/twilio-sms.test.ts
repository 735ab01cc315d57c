import { readIncoming } from '@wbor/contracts';
import { readFixtures } from '@wbor/source-fixtures';
import { expect, it } from 'vitest';
import { twilioSms } from './twilio-sms.ts';

function read(sms: Record<string, unknown>) {
  return twilioSms.read(twilioSms.schema.parse(sms), 'source.twilio.sms.incoming', sms);
}

it('reads what the SMS service publishes', () => {
  const [send] = readFixtures().find(({ name }) => name === 'wbor-twilio-2-picture')?.sends ?? [];
  expect(read(JSON.parse(send?.body ?? ''))).toMatchObject({
    kind: 'message',
    source: 'twilio',
    wborMessageId: '9d3e7c20-5b2f-4d11-8c0e-1f2a3b4c5d02',
    imageUrls: [expect.stringContaining('/Media/ME0')],
    sender: '+12075550123',
    senderName: 'JANE DOE',
  });
});

it('takes Twilio’s `Body`, whatever else there is', () => {
  expect(read({ Body: 'Hello', body: 'not this one', text: 'nor this' })).toMatchObject({ text: 'Hello' });
});

it.each([
  [{ body: 'Hello' }, 'Hello'],
  [{ text: 'Hello' }, 'Hello'],
  [{ TEXT: 'Hello' }, 'Hello'],
  [{ text: 'Hello', Body: '' }, 'Hello'],
  [{ text: 'Hello', Body: ' \n\u200b' }, 'Hello'],
  [{ text: 'not this one', Body: ' ', body: 'Hello' }, 'Hello'],
  [{ text: 'Hello', Body: { body: ' ' } }, 'Hello'],
  [{ Body: { body: '', text: 'Hello' } }, 'Hello'],
  [{ Body: [{ Body: 'Hello' }] }, 'Hello'],
  [{ Body: 'None' }, 'None'],
])('finds the text of %j', (sms, text) => {
  const content = Buffer.from(JSON.stringify(sms));
  const reading = readIncoming(twilioSms, { content });
  expect(reading.ok && twilioSms.read(reading.value.value, twilioSms.key, {})).toMatchObject({ text });
});

it('takes the images in the order of their numbers, also with gaps', () => {
  const sms = { MediaUrl9: 'https://a.example/9', MediaUrl2: 'https://a.example/2', MediaUrl1: null };
  expect(read(sms)).toMatchObject({ text: '', imageUrls: ['https://a.example/2', 'https://a.example/9'] });
});

it('asks for the acknowledgement that the SMS service waits for, and names Twilio’s logs', () => {
  expect(read({ Body: 'Hello' })).toMatchObject({
    acknowledge: true,
    mediaHint: 'Check the message in Twilio logs for details.',
  });
});

it.each<[sms: Record<string, unknown>, imagesWithoutAddress: number, imagesLeftOut: number]>([
  [{ Body: 'x', NumMedia: '2', MediaUrl0: 'https://a.example/0' }, 1, 0],
  [{ Body: '', NumMedia: '1' }, 1, 0],
  [{ Body: 'x', NumMedia: '0' }, 0, 0],
  ...['two', '', null, -1, '-1', 1.5, [1], {}, true, 'NaN'].map(
    (NumMedia): [Record<string, unknown>, number, number] => [{ Body: 'x', NumMedia }, 0, 0],
  ),
  [{ Body: 'x', NumMedia: 2 }, 2, 0],
  [{ Body: 'x', NumMedia: '2.0' }, 2, 0],
  [{ Body: 'x', NumMedia: 1e9 }, 10, 0],
  [
    { Body: 'x', NumMedia: 'two', MediaUrl0: ['https://a.example/0'], mediaurl1: 'https://a.example/1' },
    0,
    0,
  ],
  [{ Body: 'x', NumMedia: '1', MediaUrl0: 'None' }, 1, 0],
  [{ Body: 'x', NumMedia: '1', MediaUrl0: 'https://a.example/0', MediaUrl1: 'https://a.example/1' }, 0, 0],
  [{ Body: 'x', MediaUrl10: 'https://a.example/10', MediaUrl11: '' }, 0, 2],
])('counts the pictures of %j that are missing', (sms, imagesWithoutAddress, imagesLeftOut) => {
  expect(read(sms)).toMatchObject({ text: sms.Body, imagesWithoutAddress, imagesLeftOut });
});
