import { ALREADY_SENT_HEADER, alreadySentSchema, isNothing } from '@wbor/contracts';
import { sanitiseText } from '@wbor/message-text';
import { defineSource, headerOf, sourceOfKey } from './source.ts';
import { yesOrNo } from './yes-or-no.ts';

/** What a producer has posted by itself, under whatever key it would have sent the message for the relay to post. */
export const alreadySent = defineSource({
  key: '#',
  takes: (headers) => yesOrNo(headerOf(headers, ALREADY_SENT_HEADER)) === true,
  schema: alreadySentSchema,
  read: (log, routingKey, raw) => ({
    kind: 'already-sent',
    source: log.source ?? sourceOfKey(routingKey),
    wborMessageId: log.wbor_message_id,
    text: sanitised(log.text ?? log.body),
    pictureUrl: [raw.picture_url, log.images.urls[0], raw.MediaUrl0].find(isAddress),
    botId: log.bot_id,
    statusCode: log.statuscode,
    // As Twilio names it: without a sender nobody could be banned for it.
    sender: log.From ?? log.sender,
    senderName: log.SenderName,
    payload: raw,
  }),
});

/** As it stands in the chat, whoever posted it. */
function sanitised(text: string | undefined): string | undefined {
  return text === undefined ? undefined : sanitiseText(text);
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && !isNothing(value);
}
