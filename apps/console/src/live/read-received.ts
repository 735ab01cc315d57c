import { readIncoming, standardMessage, twilioSmsMessage } from '@wbor/contracts';

/** What a producer has sent, as the relay will read it. */
export interface Received {
  readonly id: string | undefined;
  /** As the message itself says. */
  readonly source: string | undefined;
  /** Of an SMS. */
  readonly sender: string | undefined;
  readonly senderName: string | undefined;
  readonly text: string;
}

/** undefined for what is no message at all. */
export function readReceived(content: Buffer, routingKey: string): Received | undefined {
  return routingKey === twilioSmsMessage.key ? readSms(content) : readOther(content);
}

function readSms(content: Buffer): Received | undefined {
  const reading = readIncoming(twilioSmsMessage, { content });
  if (!reading.ok) return undefined;
  const { Body, From, SenderName, source, text, wbor_message_id: id } = reading.value.value;
  return { id, source, sender: From, senderName: SenderName, text: Body ?? text ?? '' };
}

function readOther(content: Buffer): Received | undefined {
  const reading = readIncoming(standardMessage, { content });
  if (!reading.ok) return undefined;
  const { raw, value } = reading.value;
  const { body, source, text, wbor_message_id: id } = value;
  // The ENDEC's name for it.
  const { message_text: alert } = raw;
  const said = body ?? text ?? (typeof alert === 'string' ? alert : '');
  return { id, source, sender: undefined, senderName: undefined, text: said };
}
