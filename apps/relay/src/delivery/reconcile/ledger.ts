/** A post of the bot as the chat shows it. */
export interface ShownPost {
  /** GroupMe's message id. */
  readonly id: string;
  readonly text: string;
  readonly pictureUrl: string | undefined;
  readonly createdAtMs: number;
}

/** By which way a post was seen in the chat. */
type SeenVia = 'echo' | 'read-back';

interface UnclaimedPost extends ShownPost {
  readonly via: SeenVia;
}

/** What a part is known by. */
export interface LedgerPart {
  /** The AMQP id of the planned message. */
  readonly planId: string;
  readonly wborMessageId: string;
  readonly source: string;
  /** Counted from 1. */
  readonly part: number;
  /** How many parts the message has. */
  readonly parts: number;
  readonly text: string;
  readonly pictureUrl: string | undefined;
  /** When its message was published, in epoch milliseconds; unknown of what another relay posted. */
  readonly publishedAtMs?: number | undefined;
}

/** One call of bots/post. */
export interface LedgerCall {
  /** The AMQP id of its intent and of its event. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly sentAtMs: number;
}

/** What a call's own answer says, before anybody looks into the chat. */
export interface CallAnswer {
  /** The HTTP status; 0 when no answer came. */
  readonly code: number;
  readonly durationMs: number;
  readonly error?: string;
}

/**
 * How the last call ended. `open`: its result is not recorded yet, so that the part may be in the chat. `failed`: it
 * is not, as far as one can know. `rejected`: it is not, and never will be.
 */
export type CallState = 'open' | 'delivered' | 'failed' | 'rejected';

/** One part of one message, and what is known of it. Only the ledger changes it. */
export interface LedgerEntry extends LedgerPart {
  /** No call can have been made before. */
  readonly firstSentAtMs: number;
  readonly lastCall: LedgerCall;
  readonly state: CallState;
  /** Undefined while the last call is under way, and when its relay stopped before it could record the answer. */
  readonly answer: CallAnswer | undefined;
  /** Whether the chat was searched for the open call without certainty. */
  readonly examined: boolean;
  /** Whether that was so for any of its calls: the part may be in the chat ever since. */
  readonly doubted: boolean;
  /** The post in the chat that proves the part, once one was seen. */
  readonly shownAs: string | undefined;
  readonly shownVia: SeenVia | undefined;
  /** Whether it was reported that the chat does not show the part. */
  readonly reportedAbsent: boolean;
}

/**
 * What this relay knows of its posts: which calls were made, by itself or by the one before it, and which posts
 * the chat was seen to show. Matches the two by exact text and picture within some minutes; a post in the
 * chat proves one part only, so that the same text sent twice on purpose needs two.
 */
export interface Ledger {
  find(planId: string, part: number): LedgerEntry | undefined;
  /** Enters a call that we are about to make. */
  begin(part: LedgerPart, call: LedgerCall): LedgerEntry;
  /** Enters what an open call's own answer was; the call stays open. */
  answered(entry: LedgerEntry, answer: CallAnswer): void;
  /** Enters that an open call was searched for in the chat without certainty. */
  examined(entry: LedgerEntry): void;
  /** Enters how the last call ended. */
  close(entry: LedgerEntry, state: Exclude<CallState, 'open'>, answer?: CallAnswer): void;
  /** Enters what the journal tells: that a call was about to be made (`open`), or how it ended. */
  record(part: LedgerPart, call: LedgerCall, state: CallState, answer?: CallAnswer): void;
  /** Enters a post that the chat shows, and returns the part that this proves, if any. Observing it twice does no harm. */
  observe(post: ShownPost, via: SeenVia): LedgerEntry | undefined;
  /** Enters that somebody was told of a delivered part which the chat does not show. */
  reportAbsent(entry: LedgerEntry): void;
  /** How many parts of a planned message are delivered, going by calls that were made since then. */
  partsDelivered(planId: string, sinceMs?: number): number;
  /**
   * Whether a planned message was delivered to its last part, as many as it had then: another copy of an event may be cut
   * into more.
   */
  isComplete(planId: string, sinceMs: number): boolean;
  /** How many parts are delivered, whatever plan they belonged to: parts of this message with this text and picture. */
  equalPartsDelivered(
    wborMessageId: string,
    parts: readonly { text: string; picture_url?: string | undefined }[],
  ): number;
  /** When the newest post was made whose echo was heard; undefined when none ever was. */
  readonly lastEchoAtMs: number | undefined;
  /** The plan that may be half in the chat, the one with the newest call of several; undefined when there is none. */
  unfinished(): string | undefined;
  /** Delivered parts that the chat was not seen to show. */
  unobserved(): readonly LedgerEntry[];
}

type OwnEntry = { -readonly [Key in keyof LedgerEntry]: LedgerEntry[Key] };

/** GroupMe's clock against ours, and its whole seconds. */
const CLOCK_SLACK_MS = 5_000;
/** A post that appears later than this after its last call is not taken for its proof. */
const PROOF_WITHIN_MS = 10 * 60_000;
/** An emergency may have been posted since a message was left half in the chat. One that is left for longer was removed by a person. */
const UNFINISHED_WITHIN_MS = 10 * 60_000;
/** Far more than can be under way at once. */
const MAX_ENTRIES = 2_000;
const MAX_SEEN = 10_000;

export function createLedger(): Ledger {
  const entries: OwnEntry[] = [];
  /** The same by their plans: these are asked for several times a message. */
  const plans = new Map<string, OwnEntry[]>();
  const chat = createChatMemory();

  const ofPlan = (planId: string): readonly OwnEntry[] => plans.get(planId) ?? [];

  function find(planId: string, part: number): OwnEntry | undefined {
    return ofPlan(planId).findLast((entry) => entry.part === part);
  }

  function add(entry: OwnEntry): void {
    entries.push(entry);
    plans.set(entry.planId, [...ofPlan(entry.planId), entry]);
    const oldest = entries.length > MAX_ENTRIES ? entries.shift() : undefined;
    if (oldest === undefined) return;
    const left = ofPlan(oldest.planId).filter((other) => other !== oldest);
    if (left.length > 0) plans.set(oldest.planId, left);
    else plans.delete(oldest.planId);
  }

  /** Enters a call of a part that is known already, or of a new one. */
  function enter(
    known: OwnEntry | undefined,
    part: LedgerPart,
    call: LedgerCall,
    state: CallState,
  ): OwnEntry {
    const lastCall = { lastCall: call, state, answer: undefined, examined: false };
    if (known) return Object.assign(known, lastCall);
    const entry: OwnEntry = {
      ...part,
      ...lastCall,
      firstSentAtMs: call.sentAtMs,
      doubted: false,
      shownAs: undefined,
      shownVia: undefined,
      reportedAbsent: false,
    };
    add(entry);
    return entry;
  }

  return {
    get lastEchoAtMs() {
      return chat.lastEchoAtMs;
    },
    find,
    partsDelivered: (planId, sinceMs) => partsDelivered(ofPlan(planId), sinceMs),
    isComplete: (planId, sinceMs) =>
      ofPlan(planId).some(
        ({ lastCall, part, parts, state }) =>
          state === 'delivered' && part === parts && lastCall.sentAtMs >= sinceMs,
      ),
    begin(part, call) {
      const known = find(part.planId, part.part);
      // A second copy of a message has pictures of its own.
      const isSame = known?.text === part.text && known.pictureUrl === part.pictureUrl;
      return enter(isSame ? known : undefined, part, call, 'open');
    },
    answered: (entry, answer) => void Object.assign(entry, { answer }),
    examined: (entry) => void Object.assign(entry, { examined: true, doubted: true }),
    reportAbsent: (entry) => void Object.assign(entry, { reportedAbsent: true }),
    close: (entry, state, answer = entry.answer) => void Object.assign(entry, { state, answer }),
    record(part, call, state, answer) {
      const known = find(part.planId, part.part);
      if (known !== undefined && !supersedes(call, state, known)) return;
      const entry = enter(known, part, call, state);
      entry.answer = answer;
      if (entry.shownAs !== undefined) return;
      // Its proof may have been seen before we knew of the call.
      const proof = chat.claim((post) => matches(post, entry));
      Object.assign(entry, { shownAs: proof?.id, shownVia: proof?.via });
    },
    observe(post, via) {
      if (!chat.hear(post, via)) return undefined;
      // The oldest first: posts appear in the order in which they were made.
      const proved = entries.find((entry) => entry.shownAs === undefined && matches(post, entry));
      if (proved) Object.assign(proved, { shownAs: post.id, shownVia: via });
      else chat.keep({ ...post, via });
      return proved;
    },
    equalPartsDelivered: (wborMessageId, parts) => equalPartsDelivered(entries, wborMessageId, parts),
    unfinished() {
      // The journal may have been put back in another order.
      const lastCalls = [...plans.values()].map(newestOf).toSorted(byLastCall);
      const sinceMs = (lastCalls.at(-1)?.lastCall.sentAtMs ?? 0) - UNFINISHED_WITHIN_MS;
      return lastCalls.findLast(
        (entry) => entry.lastCall.sentAtMs >= sinceMs && isUnfinished(ofPlan(entry.planId), entry),
      )?.planId;
    },
    unobserved: () => entries.filter((entry) => entry.state === 'delivered' && entry.shownAs === undefined),
  };
}

/** A call for a part is made when those before it are in the chat, even if the journal has forgotten them. */
function partsDelivered(ofPlan: readonly LedgerEntry[], sinceMs = 0): number {
  const counts = ofPlan
    .filter(({ lastCall }) => lastCall.sentAtMs >= sinceMs)
    .map(({ part, state }) => (state === 'delivered' ? part : part - 1));
  return Math.max(0, ...counts);
}

function equalPartsDelivered(
  entries: readonly LedgerEntry[],
  wborMessageId: string,
  parts: readonly { text: string; picture_url?: string | undefined }[],
): number {
  const missing = parts.findIndex(
    ({ text, picture_url }, index) =>
      !entries.some(
        (entry) =>
          entry.state === 'delivered' &&
          entry.wborMessageId === wborMessageId &&
          entry.part === index + 1 &&
          entry.text === text &&
          entry.pictureUrl === picture_url,
      ),
  );
  return missing < 0 ? parts.length : missing;
}

function byLastCall(a: LedgerEntry, b: LedgerEntry): number {
  return a.lastCall.sentAtMs - b.lastCall.sentAtMs;
}

/** Of several whose calls are of one millisecond, the one that was entered last. */
function newestOf(ofPlan: readonly LedgerEntry[]): LedgerEntry {
  return ofPlan.reduce((newest, entry) => (byLastCall(newest, entry) <= 0 ? entry : newest));
}

/** Whether a message may be half in the chat, going by its newest call. */
function isUnfinished(ofPlan: readonly LedgerEntry[], newest: LedgerEntry): boolean {
  if (newest.parts === 1 || newest.state === 'rejected') return false;
  const done = partsDelivered(ofPlan);
  const begun = done > 0 || newest.state === 'open' || newest.doubted;
  return begun && done < newest.parts;
}

/** The posts that were seen in the chat, each counted once, and those that no part has claimed yet. */
function createChatMemory() {
  const unclaimed: UnclaimedPost[] = [];
  const seenIds = new Set<string>();
  let lastEchoAtMs: number | undefined;
  return {
    get lastEchoAtMs() {
      return lastEchoAtMs;
    },
    /** Returns false when the post was seen before. */
    hear(post: ShownPost, via: SeenVia): boolean {
      if (via === 'echo') lastEchoAtMs = Math.max(lastEchoAtMs ?? 0, post.createdAtMs);
      if (seenIds.has(post.id)) return false;
      seenIds.add(post.id);
      if (seenIds.size > MAX_SEEN) seenIds.delete(seenIds.values().next().value ?? '');
      return true;
    },
    keep(post: UnclaimedPost): void {
      unclaimed.push(post);
      if (unclaimed.length > MAX_ENTRIES) unclaimed.shift();
    },
    claim(isWanted: (post: ShownPost) => boolean): UnclaimedPost | undefined {
      const index = unclaimed.findIndex(isWanted);
      return index < 0 ? undefined : unclaimed.splice(index, 1)[0];
    },
  };
}

/** Whether what the journal tells of a call is newer than what is known of its part. */
function supersedes(call: LedgerCall, state: CallState, known: LedgerEntry): boolean {
  // What is in the chat stays there: a relay that was frozen may have meant to post it once more.
  if (known.state === 'delivered') return false;
  if (known.lastCall.id === call.id) return known.state === 'open' && state !== 'open';
  // Two relays may have counted alike.
  return call.attempt > known.lastCall.attempt - (state === 'delivered' ? 1 : 0);
}

/** Whether a post in the chat can be the part's. */
function matches(post: ShownPost, entry: LedgerEntry): boolean {
  return (
    entry.state !== 'rejected' &&
    post.text.trim() === entry.text.trim() &&
    post.pictureUrl === entry.pictureUrl &&
    post.createdAtMs >= entry.firstSentAtMs - CLOCK_SLACK_MS &&
    post.createdAtMs <= entry.lastCall.sentAtMs + PROOF_WITHIN_MS
  );
}
