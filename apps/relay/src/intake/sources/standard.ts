import { standardMessage } from '@wbor/contracts';
import { defineSource, sourceOfKey } from './source.ts';

/** What every producer may send that has no format of its own. */
export const standard = defineSource({
  key: `${standardMessage.key}.#`,
  schema: standardMessage.schema,
  read: (message, routingKey) => ({
    kind: 'message',
    source: message.source ?? sourceOfKey(routingKey),
    text: message.body ?? message.text ?? '',
    wborMessageId: message.wbor_message_id,
    imageUrls: message.images.urls,
    imagesWithoutAddress: message.images.unreadable,
    imagesLeftOut: message.images.omitted,
    format: message.format,
    ...(message.urgent ? { priority: 'urgent' } : {}),
  }),
  examples: [
    {
      key: 'source.standard.ups',
      body: { body: 'Power is back', wbor_message_id: 'id-1', images: ['https://media.example/ups.png'] },
      becomes: {
        kind: 'message',
        source: 'ups',
        text: 'Power is back',
        wborMessageId: 'id-1',
        imageUrls: ['https://media.example/ups.png'],
        format: 'quoted',
      },
    },
    {
      key: 'source.standard',
      body: { body: 'Two people are banned.', source: 'command', format: 'plain' },
      becomes: { kind: 'message', source: 'command', text: 'Two people are banned.', format: 'plain' },
    },
  ],
});
