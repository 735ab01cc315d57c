import { MAX_IMAGES, twilioSmsMessage } from '@wbor/contracts';
import { defineSource, type IgnoredSource } from './source.ts';

/** SMS and MMS of listeners: Twilio's form fields, and what the SMS service adds to them. */
export const twilioSms = defineSource({
  key: twilioSmsMessage.key,
  schema: twilioSmsMessage.schema,
  read(sms) {
    const fields: Readonly<Record<string, unknown>> = sms;
    const imageUrls = Array.from({ length: MAX_IMAGES }, (_, index) => fields[`MediaUrl${index}`]).filter(
      (url) => typeof url === 'string',
    );
    return {
      kind: 'message',
      source: sms.source ?? 'twilio',
      text: sms.Body ?? sms.text ?? '',
      wborMessageId: sms.wbor_message_id,
      imageUrls,
      // Twilio says how many there are, and the SMS service may lose some on the way.
      imagesWithoutAddress: Math.max(sms.NumMedia - imageUrls.length, 0),
      imagesLeftOut: Object.keys(sms).filter((name) => /^MediaUrl[1-9]\d+$/.test(name)).length,
      sender: sms.From,
      senderName: sms.SenderName,
      mediaHint: 'Check the message in Twilio logs for details.',
      // Without it the SMS service posts the message by itself after a while.
      acknowledge: true,
    };
  },
});

/** Outgoing SMS, calls, bans: other services' business. */
export const otherTwilio: IgnoredSource = { key: 'source.twilio.#', ignored: true };
