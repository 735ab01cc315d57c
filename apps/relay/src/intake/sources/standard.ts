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
});
