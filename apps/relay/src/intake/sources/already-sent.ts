import { alreadySentSchema } from '@wbor/contracts';
import { defineSource, sourceOfKey } from './source.ts';

/** What a producer has posted by itself, under whatever key it would have sent the message for the relay to post. */
export const alreadySent = defineSource({
  key: '#',
  takes: ({ alreadysent }) => alreadysent === true || alreadysent === 'true',
  schema: alreadySentSchema,
  read: (payload, routingKey) => ({
    kind: 'already-sent',
    source: payload.source ?? sourceOfKey(routingKey),
    wborMessageId: payload.wbor_message_id,
    payload,
  }),
  examples: [
    {
      key: 'source.standard.ups',
      headers: { alreadysent: true },
      body: { body: 'Power is back', statuscode: 202, wbor_message_id: 'id-2' },
      becomes: { kind: 'already-sent', source: 'ups', wborMessageId: 'id-2' },
    },
  ],
});
