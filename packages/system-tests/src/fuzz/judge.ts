import { auditQueues, moderatorQueues, relayQueues } from '@wbor/contracts';
import type { FuzzFacts, SentInput } from './facts.ts';

/** What can become of an input. */
type Fate =
  | 'posted'
  | 'parked'
  | 'stored in the audit'
  | 'stored as rejected'
  | 'refused by the broker'
  | 'refused by the gateway'
  | 'answered, nothing to keep'
  | 'not for any queue'
  | 'dropped, as the contract says'
  | 'unaccounted';

export interface Judgement {
  readonly fates: ReadonlyMap<string, Fate>;
  /** How many had each fate, the most frequent first. */
  readonly counts: readonly (readonly [Fate, number])[];
  /** The longest time from the acceptance of a good one to the chat. */
  readonly slowestMs: number;
  /** What is wrong, one line each. Empty: passed. */
  readonly failures: readonly string[];
}

/** The most memory that a process may ever have had, in MiB. */
export const MEMORY_LIMIT_MIB = 400;

const SHOWN = 5;
const QUEUES = [...relayQueues, ...auditQueues, ...moderatorQueues];

/** Judges a run. Pure: the same facts give the same judgement. */
export function judge(facts: FuzzFacts): Judgement {
  const fates = new Map(facts.sent.map((input) => [input.token, fateOf(input, facts)]));
  const counts = new Map<Fate, number>();
  for (const fate of fates.values()) counts.set(fate, (counts.get(fate) ?? 0) + 1);
  const waits = facts.good.map(({ acceptedAtMs, arrivedAtMs }) =>
    acceptedAtMs === null || arrivedAtMs === null ? 0 : arrivedAtMs - acceptedAtMs,
  );
  return {
    fates,
    counts: [...counts].sort(([, a], [, b]) => b - a),
    slowestMs: Math.max(0, ...waits),
    failures: [...failuresOfGood(facts), ...failuresOfBad(facts, fates), ...failuresOfProcesses(facts)],
  };
}

function failuresOfGood({ good, goodPosts, queuesLeft }: FuzzFacts): string[] {
  const failures: string[] = [];
  const mustBeEmpty = (what: string, items: readonly { readonly token: string }[]) => {
    const names = items.slice(0, SHOWN).map(({ token }) => token);
    if (items.length > 0) failures.push(`${items.length} good messages ${what}: ${names.join(', ')}`);
  };
  const posts = ({ token }: { token: string }) => goodPosts.get(token) ?? 0;
  if (good.length === 0) failures.push('nothing good was sent, so nothing is proved');
  mustBeEmpty(
    'were never accepted',
    good.filter(({ acceptedAtMs }) => acceptedAtMs === null),
  );
  mustBeEmpty(
    'are not in the chat',
    good.filter((message) => message.acceptedAtMs !== null && posts(message) === 0),
  );
  mustBeEmpty(
    'are in the chat more than once',
    good.filter((message) => posts(message) > 1),
  );
  if (Object.keys(queuesLeft).length > 0)
    failures.push(`queues had not emptied: ${JSON.stringify(queuesLeft)}`);
  return failures;
}

function failuresOfBad({ sent }: FuzzFacts, fates: ReadonlyMap<string, Fate>): string[] {
  const failures: string[] = [];
  if (sent.length === 0) failures.push('nothing hostile was sent, so nothing is proved');
  const lost = sent.filter(({ token }) => fates.get(token) === 'unaccounted');
  if (lost.length > 0)
    failures.push(
      `${lost.length} accepted inputs are nowhere: ${lost.slice(0, SHOWN).map(describe).join(' | ')}`,
    );
  const answered = (of: (status: number) => boolean) =>
    sent.filter(({ answer }) => answer.of === 'gateway' && of(answer.status));
  const broken = answered((status) => status >= 500);
  if (broken.length > 0)
    failures.push(`${broken.length} answers of 5xx: ${broken.slice(0, SHOWN).map(describe).join(' | ')}`);
  const silent = answered((status) => status === 0);
  if (silent.length > 0)
    failures.push(
      `${silent.length} requests without an answer: ${silent.slice(0, SHOWN).map(describe).join(' | ')}`,
    );
  return failures;
}

function failuresOfProcesses({ processes, lostConnections }: FuzzFacts): string[] {
  const failures = processes.flatMap(({ app, running, ready, readiness, peakMiB, reconnects }) => {
    if (!running) return [`${app} has ended`];
    return [
      ...(ready ? [] : [`${app} is not ready: ${readiness}`]),
      ...(peakMiB !== null && peakMiB > MEMORY_LIMIT_MIB
        ? [`${app} had ${peakMiB} MiB of memory, ${MEMORY_LIMIT_MIB} allowed`]
        : []),
      ...(reconnects.length > 0
        ? [`${app} lost a connection or channel ${reconnects.length} times: ${reconnects[0]}`]
        : []),
    ];
  });
  return lostConnections > 0
    ? [...failures, `${lostConnections} connections of the services are new`]
    : failures;
}

/** Where an input ended. What was found counts before what must be believed. */
function fateOf(input: SentInput, facts: FuzzFacts): Fate {
  const { token, answer, sha256 } = input;
  if (answer.of === 'broker' && !answer.accepted) return 'refused by the broker';
  if (answer.of === 'gateway' && !answer.stored) {
    return answer.status >= 400 || answer.status === 0
      ? 'refused by the gateway'
      : 'answered, nothing to keep';
  }
  if (facts.posted.has(token)) return 'posted';
  if (facts.parked.has(token) || (sha256 !== undefined && facts.parkedDigests.has(sha256))) return 'parked';
  if (facts.stored.has(token) || (answer.of === 'chat' && facts.callbackIds.has(answer.messageId)))
    return 'stored in the audit';
  if (facts.rejected.has(token)) return 'stored as rejected';
  if (facts.emptySms.has(token)) return 'dropped, as the contract says';
  return input.exchange === undefined ? 'unaccounted' : fateOfUntraced(input.exchange, input.key ?? '');
}

/** What leaves no trace, and need not. */
function fateOfUntraced(exchange: 'source' | 'default', key: string): Fate {
  const queues =
    exchange === 'default'
      ? QUEUES.filter(({ name }) => name === key)
      : QUEUES.filter(({ bindings }) => bindings.some((it) => matches(it, key)));
  // What is heard of other programs' exchanges, which is said in words of ours too, is bound by a setting.
  if (queues.length === 0) return 'not for any queue';
  // The journal forgets, and what is known of stations; a moderator that reads talk has nothing to do, and nothing to change
  // for a number that is banned; Twilio has other keys than that of an SMS.
  const forgets = queues.every(({ name }) => FORGETFUL.has(name));
  const otherTwilio =
    exchange === 'source' && key.startsWith('source.twilio') && key !== 'source.twilio.sms.incoming';
  return forgets || otherTwilio || IN_OUR_WORDS.test(key) ? 'dropped, as the contract says' : 'unaccounted';
}

const FORGETFUL: ReadonlySet<string> = new Set([
  'relay.journal',
  'relay.stations',
  'moderator.callbacks',
  'moderator.sms-commands',
  'moderator.requests',
]);

/** Sources of which the chat is told in words of ours, or nothing when nothing has changed: their own need not be among them. */
const IN_OUR_WORDS = /^source\.(?:azuracast|endec)\./;

/** Whether a topic exchange takes a key for a binding. */
function matches(binding: string, key: string): boolean {
  const pattern = binding
    .replaceAll('.', '\\.')
    .replaceAll('*', '[^.]*')
    .replace(/\\\.#$/, '(?:\\..*)?');
  return new RegExp(`^${pattern}$`, 's').test(key);
}

function describe({ token, what, key, answer }: SentInput): string {
  const status = answer.of === 'gateway' ? ` ${answer.status}` : '';
  return `${token}${status} ${key ?? ''} ${what}`.slice(0, 160);
}
