import { type AuditVerdict, checkAudit } from './check-audit.ts';
import { type ChatVerdict, checkChat } from './check-chat.ts';
import { checkSdk, type SdkVerdict } from './check-sdk.ts';
import type { ChaosFacts } from './facts.ts';

export interface Verdict {
  readonly chat: ChatVerdict;
  readonly audit: AuditVerdict;
  readonly sdk: SdkVerdict;
  /** How many repeated posts were allowed. */
  readonly repeatsAllowed: number;
  /** What is wrong, one line each. Empty: passed. */
  readonly failures: readonly string[];
}

export interface Limits {
  /** Whether a doubt can be settled: with the echo, or by reading the chat. */
  readonly evidence: boolean;
  /** Allows this many repeated posts, whatever else would be allowed. */
  readonly allowRepeats?: number | undefined;
}

/** Judges a run. Pure: the same facts give the same verdict. */
export function checkFacts(facts: ChaosFacts, limits: Limits): Verdict {
  const shown = checkChat(facts);
  const sdk = checkSdk(facts, shown.lost);
  const notPromised = [...sdk.inDoubt, ...sdk.leftByRelay];
  const chat = { ...shown, lost: shown.lost.filter(({ messageId }) => !notPromised.includes(messageId)) };
  const audit = checkAudit(facts);
  const repeatsAllowed = limits.allowRepeats ?? (limits.evidence ? 0 : countAmbiguous(facts));
  const failures: string[] = [];
  const mustBeEmpty = (what: string, items: readonly unknown[]) => {
    if (items.length > 0) failures.push(`${items.length} ${what}`);
  };
  if (facts.messages.length === 0) failures.push('nothing was sent, so nothing is proved');
  mustBeEmpty('messages never accepted', chat.notAccepted);
  mustBeEmpty('messages lost', chat.lost);
  mustBeEmpty('messages parked', chat.parked);
  mustBeEmpty('pictures missing without a cause', chat.picturesMissing);
  mustBeEmpty('out of order', chat.outOfOrder);
  mustBeEmpty('interleaved', chat.interleaved);
  mustBeEmpty('posts that nobody sent', chat.unexplainedPosts);
  if (chat.repeats.length > repeatsAllowed)
    failures.push(`${chat.repeats.length} posts repeated, ${repeatsAllowed} allowed`);
  for (const [name, calls] of [
    ['posts', audit.posts],
    ['uploads', audit.uploads],
  ] as const) {
    mustBeEmpty(`${name} without a row`, calls.unexplained);
    mustBeEmpty(`rows of ${name} that were never made`, calls.invented);
    mustBeEmpty(`rows of ${name} beyond one`, calls.doubled);
    mustBeEmpty(`rows of ${name} without a call, and nothing was in its way`, calls.unmade);
  }
  mustBeEmpty('callbacks without a row', audit.callbacks.missing);
  mustBeEmpty('callbacks with more than one row', audit.callbacks.doubled);
  mustBeEmpty('rows of callbacks that were never sent', audit.callbacks.invented);
  if (audit.rejected > 0) failures.push(`${audit.rejected} events rejected by the audit`);
  if (audit.parked > 0) failures.push(`${audit.parked} events parked by the audit`);
  mustBeEmpty('messages of the SDK out of order', sdk.outOfOrder);
  mustBeEmpty('things that the SDK said and that were not so', sdk.untrue);
  mustBeEmpty('posts of the SDK without a row', sdk.callsWithoutRow);
  mustBeEmpty('rows of posts of the SDK that were never made', sdk.invented);
  mustBeEmpty('rows of posts of the SDK without a call, and nothing was in its way', sdk.unmade);
  mustBeEmpty('spools of the SDK had not emptied', facts.spoolsLeft);
  if (notPromised.length > sdk.notPromisedAllowed)
    failures.push(`${notPromised.length} messages of the SDK given up, ${sdk.notPromisedAllowed} allowed`);
  mustBeEmpty('processes ended by themselves', facts.exits);
  mustBeEmpty(`queues had not emptied: ${JSON.stringify(facts.queuesLeft)}`, Object.keys(facts.queuesLeft));
  return { chat, audit, sdk, repeatsAllowed, failures };
}

/** How often nobody but GroupMe could know whether a post is in the chat. */
function countAmbiguous(facts: ChaosFacts): number {
  const faults = facts.faults.filter(
    ({ kind, target }) =>
      (kind === 'kill' && target.startsWith('relay')) ||
      (kind === 'freeze' && target.startsWith('relay')) ||
      (kind === 'network' && target === 'groupme'),
  );
  const calls = facts.postCalls.filter(
    ({ accepted, status }) => accepted && (status === null || status < 200 || status >= 300),
  );
  return faults.length + calls.length;
}
