import {
  isBlank,
  MAX_BODY_LENGTH,
  MAX_IMAGES,
  MAX_MESSAGE_ID_LENGTH,
  RESERVED_SOURCES,
} from '@wbor/contracts';
import { v4 as uuidv4 } from 'uuid';
import { ProducerError } from './errors.ts';
import type { AcceptedMessage } from './spool/records.ts';
import type { ProducerOptions, SendOptions } from './types.ts';

const SLUG = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/;

/** @throws ProducerError that names what is wrong and repeats no value. */
export function checkOptions({ fallback, gatewayUrl, rabbitmqUrl, source }: ProducerOptions): void {
  const faults = [
    ...((rabbitmqUrl === undefined) === (gatewayUrl === undefined)
      ? ['give one of rabbitmqUrl and gatewayUrl']
      : []),
    ...(rabbitmqUrl !== undefined && !areBrokerUrls([rabbitmqUrl].flat())
      ? ['rabbitmqUrl is no amqp address']
      : []),
    ...(gatewayUrl !== undefined && !isUrl(gatewayUrl, ['http:', 'https:'])
      ? ['gatewayUrl is no http address']
      : []),
    ...(SLUG.test(source) && source.length <= 64 && !RESERVED_SOURCES.includes(source)
      ? []
      : [
          'source must be lower-case letters and digits with single - or _ between them, and not a reserved name',
        ]),
    ...(fallback !== undefined && fallback.botId.trim() === '' ? ['fallback.botId is empty'] : []),
    ...(fallback?.apiUrl !== undefined && !isUrl(fallback.apiUrl, ['http:', 'https:'])
      ? ['fallback.apiUrl is no http address']
      : []),
  ];
  if (faults.length > 0) throw new ProducerError('INVALID_OPTIONS', faults.join('; '));
}

/** @throws ProducerError with code INVALID_MESSAGE. */
export function toMessage(source: string, options: SendOptions): AcceptedMessage {
  const { body, images = [], urgent = false, wborMessageId = uuidv4() } = options;
  const faults = [
    ...(isBlank(body) && images.length === 0 ? ['there is neither text nor an image'] : []),
    ...(body.length > MAX_BODY_LENGTH ? [`the text has more than ${MAX_BODY_LENGTH} characters`] : []),
    ...(images.length > MAX_IMAGES ? [`there are more than ${MAX_IMAGES} images`] : []),
    ...(images.every((url) => isUrl(url, ['http:', 'https:'])) ? [] : ['an image has no http(s) address']),
    ...(isBlank(wborMessageId) ||
    wborMessageId.length > MAX_MESSAGE_ID_LENGTH ||
    /\p{Cc}/u.test(wborMessageId)
      ? ['wborMessageId is blank, too long, or has a control character']
      : []),
  ];
  if (faults.length > 0) throw new ProducerError('INVALID_MESSAGE', faults.join('; '));
  // Half characters would be other bytes in JSON than on disk.
  return {
    id: wborMessageId,
    at: Date.now(),
    source,
    body: body.toWellFormed(),
    images: [...images],
    urgent,
  };
}

function areBrokerUrls(urls: readonly string[]): boolean {
  return urls.length > 0 && urls.every((url) => isUrl(url, ['amqp:', 'amqps:']));
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
