import type { LostMessage } from './check-chat.ts';
import type {
  ApiCall,
  CallRow,
  ChaosFacts,
  ChatPost,
  FaultRecord,
  SdkMessage,
  SentMessage,
} from './facts.ts';
import { readPost } from './messages.ts';

/** What became of the messages of the SDK's producers, beyond what is asked of all messages. */
export interface SdkVerdict {
  readonly accepted: number;
  /** Their producer was killed before it had accepted them. */
  readonly notAccepted: number;
  /** How often the SDK said what, for example `relay delivered`. */
  readonly told: Readonly<Record<string, number>>;
  /** What the SDK said that was not so. */
  readonly untrue: readonly string[];
  /** Came after a later one of their producer, though they were told to be in the chat before that was sent. */
  readonly outOfOrder: readonly string[];
  /** The same of messages that waited in a spool or at the relay: no promise. */
  readonly overtaken: number;
  /** Not in the chat, and never promised: the audit says that their post is in doubt. */
  readonly inDoubt: readonly string[];
  /** The same: the relay died between its word and the post, as the audit says. */
  readonly leftByRelay: readonly string[];
  /** So many of these two can be explained by what was broken. */
  readonly notPromisedAllowed: number;
  readonly calls: number;
  readonly rows: number;
  readonly callsWithoutRow: readonly string[];
  /** Rows of calls that GroupMe never saw, though they have its answer. */
  readonly invented: readonly string[];
  readonly neverArrived: number;
  /** Rows of calls that did not arrive, and nothing was in their way. */
  readonly unmade: readonly string[];
}

type SdkSent = SentMessage & { readonly sdk: SdkMessage };

/** A post is shown at the moment of its request's end, and told of a little later. */
const SLACK_MS = 1_000;
/** Over HTTP a row has the time at which it was told of, and that may be long after the call. */
const TOLD_LATE_MS = 60_000;
const CALL_MS = 12_000;

/** @param lost all messages with something missing, those of the SDK among them. */
export function checkSdk(facts: ChaosFacts, lost: readonly LostMessage[]): SdkVerdict {
  const messages = facts.messages.filter((message): message is SdkSent => message.sdk !== undefined);
  const accepted = messages.filter(({ acceptedAtMs }) => acceptedAtMs !== null);
  const places = firstPlaces(facts.chat);
  const missing = new Set(lost.map(({ messageId }) => messageId));
  const missed = accepted.filter(({ id }) => missing.has(id));
  const doubtful = new Set(
    facts.ownRows.filter(({ code }) => code === 0 || code >= 500).map(({ messageId }) => messageId),
  );
  const expired = new Set(facts.expiredIds);
  const inDoubt = missed.filter(({ id }) => doubtful.has(id));
  const leftByRelay = missed.filter(
    ({ id, sdk }) => !doubtful.has(id) && sdk.told?.state === 'posting' && expired.has(id),
  );
  return {
    accepted: accepted.length,
    notAccepted: messages.length - accepted.length,
    told: countTold(messages),
    untrue: messages.flatMap((message) => findUntrue(message, facts.chat, places)),
    ...checkOrder(messages, places),
    inDoubt: inDoubt.map(({ id }) => id),
    leftByRelay: leftByRelay.map(({ id }) => id),
    notPromisedAllowed: facts.faults.filter(mayCostOne).length,
    ...checkCalls(facts),
  };
}

/** Only these make a post one of which nobody can know, or take the relay away after its word. */
function mayCostOne({ kind, target }: FaultRecord): boolean {
  return kind === 'broker' || kind === 'network' || (kind === 'kill' && target.startsWith('relay'));
}

/** Where in the chat each message stands first. */
function firstPlaces(chat: readonly ChatPost[]): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (const [place, post] of chat.entries()) {
    const piece = readPost(post);
    if (piece !== undefined && !places.has(piece.message)) places.set(piece.message, place);
  }
  return places;
}

function countTold(messages: readonly SdkSent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { sdk } of messages) {
    const what = sdk.told === null ? 'killed' : `${sdk.told.deliveredBy} ${sdk.told.state}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

function findUntrue(
  { id, number, sdk: { told } }: SdkSent,
  chat: readonly ChatPost[],
  places: ReadonlyMap<number, number>,
): string[] {
  if (told === null) return [];
  const shown = chat[places.get(number) ?? -1];
  const isShown = shown !== undefined && shown.atMs <= told.atMs + SLACK_MS;
  // What waits is tried again, a second later at the earliest.
  const wasShown = shown !== undefined && shown.atMs <= told.atMs - SLACK_MS;
  const said = `${id}: ${told.deliveredBy} ${told.state}${told.reason === null ? '' : ` (${told.reason})`}`;
  if (told.state === 'delivered' && !isShown) return [`${said}, and it was not in the chat`];
  if (told.state === 'waiting' && wasShown && shown.by === 'sdk') return [`${said}, and it was in the chat`];
  // Nothing that is sent here deserves any other end, and there is room on the disk.
  const known = ['delivered', 'posting', 'queued', 'waiting', 'in-doubt'];
  return known.includes(told.state) ? [] : [said];
}

function checkOrder(
  messages: readonly SdkSent[],
  places: ReadonlyMap<number, number>,
): Pick<SdkVerdict, 'outOfOrder' | 'overtaken'> {
  const outOfOrder: string[] = [];
  let overtaken = 0;
  const earliestOfLater = new Map<string, number>();
  for (const { id, number, sdk } of messages.toSorted((a, b) => b.number - a.number)) {
    const place = places.get(number);
    if (place === undefined) continue;
    const later = earliestOfLater.get(sdk.producer) ?? Number.POSITIVE_INFINITY;
    if (place > later && sdk.told?.state === 'delivered') outOfOrder.push(`${id} of ${sdk.producer}`);
    else if (place > later) overtaken += 1;
    earliestOfLater.set(sdk.producer, Math.min(place, later));
  }
  return { outOfOrder, overtaken };
}

function checkCalls({
  faults,
  ownCalls,
  ownRows,
}: ChaosFacts): Pick<
  SdkVerdict,
  'calls' | 'rows' | 'callsWithoutRow' | 'invented' | 'neverArrived' | 'unmade'
> {
  const open = new Map<string, ApiCall[]>();
  for (const call of ownCalls) open.set(call.key, [...(open.get(call.key) ?? []), call]);
  const take = ({ code, key }: CallRow): boolean => {
    const candidates = open.get(key) ?? [];
    // A call without an answer goes first with the row that says so: GroupMe may have answered, and nobody heard it.
    const found =
      candidates.find(({ status }) => (status ?? 0) === code) ?? (code === 0 ? candidates[0] : undefined);
    if (found === undefined) return false;
    candidates.splice(candidates.indexOf(found), 1);
    return true;
  };
  const invented = ownRows.filter(({ code }) => code !== 0).filter((row) => !take(row));
  const notArrived = ownRows.filter(({ code }) => code === 0).filter((row) => !take(row));
  const unmade = notArrived.filter((row) => !faults.some((fault) => isInTheWay(fault, row)));
  const left = [...open.values()].flat();
  return {
    calls: ownCalls.length,
    rows: ownRows.length,
    callsWithoutRow: left.map(({ atMs, key, status }) => `${new Date(atMs).toISOString()} ${status} ${key}`),
    invented: invented.map(describeRow),
    neverArrived: notArrived.length - unmade.length,
    unmade: unmade.map(describeRow),
  };
}

/** Whether a fault can have kept a call from arriving: between the record that it is made and GroupMe. */
function isInTheWay({ endMs, kind, startMs, target }: FaultRecord, { sentAtMs }: CallRow): boolean {
  const canStop = kind === 'producer' || (kind === 'network' && target === 'groupme');
  return canStop && startMs <= sentAtMs + CALL_MS && endMs >= sentAtMs - TOLD_LATE_MS;
}

function describeRow({ attempt, code, messageId, sentAtMs }: CallRow): string {
  return `${new Date(sentAtMs).toISOString()} ${messageId} attempt ${attempt}: ${code}`;
}
