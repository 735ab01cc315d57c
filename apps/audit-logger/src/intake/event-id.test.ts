import { expect, it } from 'vitest';
import { deriveEventId } from './event-id.ts';

const message = {
  messageId: undefined as string | undefined,
  routingKey: 'source.groupme.msg',
  timestamp: new Date(1_700_000_000_000),
  content: Buffer.from('{"a":1}'),
};

it("takes the publisher's message id when it is a UUID", () => {
  const messageId = '019234AB-1111-7222-8333-444455556666';
  expect(deriveEventId({ ...message, messageId })).toBe(messageId.toLowerCase());
});

it.each([undefined, 'msg-1', '', '00000000-0000-0000-0000-000000000000'])(
  'makes a UUID from the message when the id is %o, the same each time',
  (messageId) => {
    const id = deriveEventId({ ...message, messageId });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deriveEventId({ ...message, messageId, content: Buffer.from('{"a":1}') })).toBe(id);
  },
);

it('tells messages apart by key, time, id and body, each in its place', () => {
  const ids = [
    message,
    { ...message, routingKey: 'source.groupme.img' },
    { ...message, timestamp: new Date(1_700_000_001_000) },
    { ...message, messageId: 'a' },
    { ...message, messageId: 'a{', content: Buffer.from('"a":1}') },
    { ...message, messageId: 'a', content: Buffer.from('{"a":2}') },
  ].map(deriveEventId);
  expect(new Set(ids).size).toBe(ids.length);
});
