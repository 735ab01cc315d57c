import { type AuditEvent, parseEvent } from './parse-event.ts';

const NOW = Date.UTC(2025, 5, 1);
export const PUBLISHED = new Date(Date.UTC(2025, 4, 31));
export const ID = '0a1b2c3d-1111-4222-8333-444455556666';
export const BOT = '5f6cab0123456789deadbeef00';

/** What the logger makes of an event; text and bytes go in as they are, the rest as JSON. */
export function parse(routingKey: string, body: unknown, headers: Record<string, unknown> = {}): AuditEvent {
  const content =
    Buffer.isBuffer(body) || typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  return parseEvent({ content, routingKey, headers, messageId: undefined, timestamp: PUBLISHED }, NOW);
}
