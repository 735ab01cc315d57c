import { createHash } from 'node:crypto';
import type { Delivery } from '@wbor/amqp';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * The key of an event: the same however often it is delivered, to whichever replica. The publisher's message
 * id when it is a UUID; else a UUID made of the message's hash. Never from the delivery tag or the clock.
 */
export function deriveEventId(
  delivery: Pick<Delivery, 'messageId' | 'routingKey' | 'timestamp' | 'content'>,
): string {
  const { messageId } = delivery;
  if (messageId !== undefined && UUID.test(messageId) && messageId !== NIL_UUID)
    return messageId.toLowerCase();

  const hash = createHash('sha256');
  // Each part after its length: otherwise "a" + "bc" and "ab" + "c" would be one event.
  for (const part of [
    Buffer.from(delivery.routingKey),
    Buffer.from(delivery.timestamp?.toISOString() ?? ''),
    Buffer.from(messageId ?? ''),
    delivery.content,
  ]) {
    hash.update(`${part.length}:`).update(part);
  }
  const bytes = hash.digest().subarray(0, 16);
  // Version 8 is the one for UUIDs of one's own making, so that nobody takes it for a time or a random one.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
