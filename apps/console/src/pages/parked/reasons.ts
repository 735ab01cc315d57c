/** What the reasons mean under which messages are parked. */
const REASONS: Readonly<Record<string, string>> = {
  'too-large': 'it was larger than MAX_MESSAGE_BYTES; only its beginning was kept',
  'unreadable-headers': 'its AMQP headers could not be read',
  'delivered-too-often': 'it was handed out again and again, and never done with',
  'invalid-json': 'it is not JSON',
  'invalid-message': 'its fields are not what its source sends',
  empty: 'there is neither text nor picture in it',
  'too-long': 'it is longer than the chat takes',
  rejected: 'GroupMe will not take it, whatever is tried',
  fault: 'a fault of the relay’s own',
  delivery_limit: 'the broker gave up on it after too many tries',
  'no-sms-command': 'it names no number to ban or unban',
};

export function describeReason(reason: string): string {
  return REASONS[reason] ?? reason;
}
