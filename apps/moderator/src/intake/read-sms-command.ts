import { originalKey } from '@wbor/amqp';
import { readIncoming, smsBan, smsUnban } from '@wbor/contracts';
import type { SenderNormaliser } from '@wbor/phone';
import { v5 as uuidv5 } from 'uuid';
import type { BanOrderOrigin, ReadableDelivery, ReadBanOrder } from './handle-ban-order.ts';
import { readNumber } from './read-number.ts';

/** Namespace of the ids of commands that bring none. */
const NAMESPACE = '0c3b7f4e-53b1-5a0c-9a4e-8a3f0a6d2b91';

/** Bans by SMS. Whoever it was that texted the command: the SMS service does not say. */
export const smsCommands: BanOrderOrigin = {
  parkReason: 'no-sms-command',
  lines: {
    changed: 'changed a ban for the SMS service',
    parked: 'parked a ban or unban of the SMS service',
  },
  read: readSmsCommand,
};

/** Reads a command by its key. Which number it is stays out of the log. */
function readSmsCommand(delivery: ReadableDelivery, normaliseSender: SenderNormaliser): ReadBanOrder {
  const key = originalKey(delivery);
  // Led here by a header of its publisher, past the broker's permissions.
  if (delivery.exchange !== '' && key !== smsBan.key && key !== smsUnban.key) {
    return { fault: 'it was published under another key' };
  }
  const action = key === smsUnban.key ? 'unban' : 'ban';
  const reading = action === 'ban' ? readIncoming(smsBan, delivery) : readIncoming(smsUnban, delivery);
  if (!reading.ok) return { fault: reading.fault.message };
  const { ban_number, unban_number, wbor_message_id } = reading.value.value as {
    readonly ban_number?: string | undefined;
    readonly unban_number?: string | undefined;
    readonly wbor_message_id?: string | undefined;
  };
  const sender = readNumber((action === 'ban' ? ban_number : unban_number) ?? '', normaliseSender);
  if (sender === undefined) return { fault: 'there is no number in it' };
  // Without an id of its own it is known by its bytes, which hold the time.
  const id = wbor_message_id ?? uuidv5(delivery.content, NAMESPACE);
  return {
    id: `sms ${action} ${id}`,
    action,
    whom: { sender },
    until: null,
    reason: 'banned by SMS',
    caller: { callerId: 'sms', callerName: 'SMS service' },
    words: { asked: 'The SMS service was told', because: 'the SMS service was told to' },
  };
}
