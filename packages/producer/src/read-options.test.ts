import { expect, it } from 'vitest';
import { createProducer } from './producer.ts';
import { toMessage } from './read-options.ts';

it.each([
  [{ source: 'ups' }, /rabbitmqUrl and gatewayUrl/],
  [{ source: 'ups', rabbitmqUrl: 'amqp://127.0.0.1', gatewayUrl: 'http://127.0.0.1' }, /one of/],
  [{ source: 'ups', rabbitmqUrl: [] }, /rabbitmqUrl is no amqp address/],
  [{ source: 'ups', rabbitmqUrl: ['amqp://a', 'b'] }, /rabbitmqUrl is no amqp address/],
  [{ source: 'ups', rabbitmqUrl: 'http://user:pass-word@127.0.0.1' }, /rabbitmqUrl is no amqp address/],
  [{ source: 'UPS', gatewayUrl: 'http://127.0.0.1' }, /source must be/],
  [{ source: 'twilio', gatewayUrl: 'http://127.0.0.1' }, /source must be/],
  [{ source: 'ups', gatewayUrl: 'http://127.0.0.1', fallback: { botId: ' ' } }, /botId is empty/],
])('%j is refused, and no value is repeated', (options, why) => {
  expect(() => createProducer(options)).toThrow(why);
  expect(() => createProducer(options)).not.toThrow(/pass-word/);
});

it.each([
  [{ body: ' \n' }, /neither text nor an image/],
  [{ body: 'x'.repeat(16_001) }, /more than 16000/],
  [{ body: 'x', images: ['file:///etc/passwd'] }, /no http/],
  [{ body: 'x', wborMessageId: 'a\u0000b' }, /wborMessageId/],
])('%j is no message', (message, why) => {
  expect(() => toMessage('ups', message)).toThrow(why);
});

it('half a character is replaced, so that all copies have the same bytes', () => {
  expect(toMessage('ups', { body: 'a\ud83d' }).body).toBe('a\ufffd');
});
