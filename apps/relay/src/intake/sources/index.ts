import { alreadySent } from './already-sent.ts';
import { azuracast } from './azuracast.ts';
import { endec, endecOnAmqp } from './endec.ts';
import { failsafe } from './failsafe.ts';
import { matchesKey } from './matches-key.ts';
import { neverForTheChat } from './never-for-the-chat.ts';
import type { IgnoredSource, MessageHeaders, Source } from './source.ts';
import { standard } from './standard.ts';
import { otherTwilio, twilioSms } from './twilio-sms.ts';
import { ups } from './ups.ts';

/** Everything that the relay can read. The first one that takes a message reads it. */
export const sources: readonly (Source | IgnoredSource)[] = [
  // It comes first: whatever the key is, what is in the chat already must not be posted again.
  alreadySent,
  ...neverForTheChat,
  twilioSms,
  otherTwilio,
  endec,
  endecOnAmqp,
  ups,
  failsafe,
  azuracast,
  standard,
];

/** What `relay.standard` is bound to beside what the contracts say. */
export const sourceBindings: readonly string[] = sources.flatMap((source) =>
  'bindings' in source ? (source.bindings ?? []) : [],
);

/**
 * Finds what reads a message. A message that no source takes is read as a standard one: somebody put it into the relay's
 * queue on purpose.
 */
export function findSource(routingKey: string, headers: MessageHeaders): Source | IgnoredSource {
  const takes = (source: Source | IgnoredSource) =>
    matchesKey(source.key, routingKey) && (!('takes' in source) || source.takes?.(headers) !== false);
  return sources.find(takes) ?? standard;
}
