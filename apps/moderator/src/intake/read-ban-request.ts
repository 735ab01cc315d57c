import { originalKey } from '@wbor/amqp';
import { banRequest, handledBanRequest, readMessage } from '@wbor/contracts';
import { shorten } from '@wbor/message-text';
import type { SenderNormaliser } from '@wbor/phone';
import type { BanOrderOrigin, ReadableDelivery, ReadBanOrder } from './handle-ban-order.ts';
import { readNumber } from './read-number.ts';

const MAX_NAME_LENGTH = 40;
const MAX_REASON_LENGTH = 200;

/** Bans of people who are signed in to the console, which knows that they may. */
export const consoleRequests: BanOrderOrigin = {
  parkReason: 'no-ban-request',
  lines: {
    changed: 'changed a ban for somebody in the console',
    parked: 'parked a ban or unban of the console',
  },
  read: readBanRequest,
};

function readBanRequest(delivery: ReadableDelivery, normaliseSender: SenderNormaliser): ReadBanOrder {
  // Led here by a header of its publisher, past the broker's permissions.
  if (delivery.exchange !== '' && originalKey(delivery) !== banRequest.key) {
    return { fault: 'it was published under another key' };
  }
  const reading = readMessage(banRequest, delivery);
  if (!reading.ok) return { fault: reading.fault.message };
  const { action, by, by_name, id, sender, until, wbor_message_id } = reading.value;
  const number = sender === undefined ? undefined : readNumber(sender, normaliseSender);
  const whom = wbor_message_id === undefined ? number && { sender: number } : { messageId: wbor_message_id };
  if (!whom) return { fault: 'there is no number in it' };
  const name = shorten(by_name, MAX_NAME_LENGTH) || 'somebody';
  const reason = shorten(reading.value.reason, MAX_REASON_LENGTH);
  const byName = `by ${name} in the console`;
  return {
    id: handledBanRequest({ id }),
    action,
    whom,
    until: until === null ? null : new Date(until),
    reason,
    caller: { callerId: `console:${by}`, callerName: name },
    words: {
      asked: `${name} asked in the console`,
      because: reason === '' ? byName : `${reason}, ${byName}`,
    },
  };
}
