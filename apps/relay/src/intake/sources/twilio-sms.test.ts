import { expect, it } from 'vitest';
import { twilioSms } from './twilio-sms.ts';

function read(sms: unknown) {
  return twilioSms.read(twilioSms.schema.parse(sms), 'source.twilio.sms.incoming');
}

it('takes Twilio’s `Body`, whatever else there is', () => {
  expect(read({ Body: 'Hello', body: 'not this one', text: 'nor this' })).toMatchObject({ text: 'Hello' });
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
