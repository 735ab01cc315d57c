/** A post of the bot as the chat shows it. */
export interface ShownPost {
  /** GroupMe's message id. */
  readonly id: string;
  readonly text: string;
  readonly pictureUrl: string | undefined;
  readonly createdAtMs: number;
}

interface UnclaimedPost extends ShownPost {
  readonly via: 'echo' | 'read-back';
}

/** What a part is known by. */
export interface LedgerPart {
  /** The AMQP id of the planned message. */
  readonly planId: string;
  readonly messageId: string;
  readonly source: string;
  /** Counted from 1. */
  readonly part: number;
  /** How many parts the message has. */
  readonly parts: number;
  readonly text: string;
  readonly pictureUrl: string | undefined;
}

/** One call of bots/post. */
export interface LedgerCall {
  /** The AMQP id of its intent and of its event. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly sentAtMs: number;
}

/**
 * How the last call ended. `open`: nobody has told yet, so that the part may be in the chat. `failed`: it is not, as
 * far as one can know. `rejected`: it is not, and never will be.
 */
export type CallState = 'open' | 'delivered' | 'failed' | 'rejected';

/** One part of one message, and what is known of it. */
export interface LedgerEntry extends LedgerPart {
  /** No call can have been made before. */
  readonly firstSentAtMs: number;
  lastCall: LedgerCall;
  state: CallState;
  /** The post in the chat that proves it, once one was seen. */
  shownAs: string | undefined;
  /** How that post was seen. */
  shownVia: 'echo' | 'read-back' | undefined;
}

/**
 * What this relay knows of its posts: which calls were made, by itself or by the one before it, and which posts
 * the chat was seen to show. Matches the two by exact text and picture within a time window; a post in the
 * chat proves one part only, so that the same text sent twice on purpose needs two.
 */
export interface Ledger {
  find(planId: string, part: number): LedgerEntry | undefined;
  /** Enters a call that we are about to make. */
  begin(part: LedgerPart, call: LedgerCall): LedgerEntry;
  /** Enters what the journal tells: that a call was about to be made (`open`), or how it ended. */
  record(part: LedgerPart, call: LedgerCall, state: CallState): void;
  /** Records a post that the chat shows. Hearing it twice does no harm. */
  saw(post: ShownPost, via: 'echo' | 'read-back'): void;
  /** How many parts of a planned message are delivered, going by calls that were made since then. */
  partsDelivered(planId: string, sinceMs?: number): number;
  /** The same, whatever plan they belonged to: parts of this message with this text and picture. */
  equalPartsDelivered(
    messageId: string,
    parts: readonly { text: string; picture_url?: string | undefined }[],
  ): number;
  /** When the newest post was made whose echo was heard; undefined when none ever was. */
  readonly lastEchoAtMs: number | undefined;
  /** The message that may be half in the chat, going by the newest call; undefined when there is none. */
  unfinished(): string | undefined;
  /** Delivered parts that no post in the chat has proved. */
  unproved(): readonly LedgerEntry[];
}

/** GroupMe's clock against ours, and its whole seconds. */
const CLOCK_SLACK_MS = 5_000;
/** A post that appears later than this after its last call is not taken for its proof. */
const WINDOW_MS = 10 * 60_000;
/** Far more than can be under way at once. */
const MAX_ENTRIES = 2_000;
const MAX_SEEN = 10_000;

export function createLedger(): Ledger {
  const entries: LedgerEntry[] = [];
  const unclaimed: UnclaimedPost[] = [];
  const seenIds = new Set<string>();
  let lastEchoAtMs: number | undefined;
  /** Whose call is the newest. */
  let newest: LedgerEntry | undefined;

  function find(planId: string, part: number): LedgerEntry | undefined {
    return entries.findLast((entry) => entry.planId === planId && entry.part === part);
  }

  function add(part: LedgerPart, call: LedgerCall): LedgerEntry {
    const entry: LedgerEntry = {
      ...part,
      firstSentAtMs: call.sentAtMs,
      lastCall: call,
      state: 'open',
      shownAs: undefined,
      shownVia: undefined,
    };
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) entries.shift();
    return entry;
  }

  /** Its proof may have been seen before we knew of the call. */
  function claimEarlier(entry: LedgerEntry): void {
    const index = unclaimed.findIndex((post) => proves(post, entry));
    const [proof] = index < 0 ? [] : unclaimed.splice(index, 1);
    entry.shownAs = proof?.id;
    entry.shownVia = proof?.via;
  }

  /** A call for a part is made when those before it are in the chat, even if the journal has forgotten them. */
  function partsDelivered(planId: string, sinceMs = 0): number {
    const counts = entries
      .filter((entry) => entry.planId === planId && entry.lastCall.sentAtMs >= sinceMs)
      .map(({ part, state }) => (state === 'delivered' ? part : part - 1));
    return Math.max(0, ...counts);
  }

  return {
    get lastEchoAtMs() {
      return lastEchoAtMs;
    },
    find,
    partsDelivered,
    begin(part, call) {
      const known = find(part.planId, part.part);
      // A second copy of a message has pictures of its own.
      const isSame = known?.text === part.text && known.pictureUrl === part.pictureUrl;
      const entry = known && isSame ? known : add(part, call);
      entry.lastCall = call;
      entry.state = 'open';
      newest = entry;
      return entry;
    },
    record(part, call, state) {
      const known = find(part.planId, part.part);
      if (known !== undefined && !isNews(known, call, state)) return;
      const entry = known ?? add(part, call);
      entry.lastCall = call;
      entry.state = state;
      // The journal may have been put back in another order.
      if (newest === undefined || call.sentAtMs >= newest.lastCall.sentAtMs) newest = entry;
      if (entry.shownAs === undefined) claimEarlier(entry);
    },
    saw(post, via) {
      if (via === 'echo') lastEchoAtMs = Math.max(lastEchoAtMs ?? 0, post.createdAtMs);
      if (seenIds.has(post.id)) return;
      seenIds.add(post.id);
      if (seenIds.size > MAX_SEEN) seenIds.delete(seenIds.values().next().value ?? '');
      // The oldest first: posts appear in the order in which they were made.
      const proved = entries.find((entry) => entry.shownAs === undefined && proves(post, entry));
      if (proved) {
        proved.shownAs = post.id;
        proved.shownVia = via;
        return;
      }
      unclaimed.push({ ...post, via });
      if (unclaimed.length > MAX_ENTRIES) unclaimed.shift();
    },
    equalPartsDelivered(messageId, parts) {
      const missing = parts.findIndex(
        ({ text, picture_url }, index) =>
          !entries.some(
            (entry) =>
              entry.state === 'delivered' &&
              entry.messageId === messageId &&
              entry.part === index + 1 &&
              entry.text === text &&
              entry.pictureUrl === picture_url,
          ),
      );
      return missing < 0 ? parts.length : missing;
    },
    unfinished() {
      if (newest === undefined || newest.parts === 1 || newest.state === 'rejected') return undefined;
      const done = partsDelivered(newest.planId);
      const begun = done > 0 || newest.state === 'open';
      return begun && done < newest.parts ? newest.messageId : undefined;
    },
    unproved: () => entries.filter((entry) => entry.state === 'delivered' && entry.shownAs === undefined),
  };
}

/** Whether the journal tells more of a part than we know. */
function isNews(entry: LedgerEntry, call: LedgerCall, state: CallState): boolean {
  // What is in the chat stays there: a relay that was frozen may have meant to post it once more.
  if (entry.state === 'delivered') return false;
  if (entry.lastCall.id === call.id) return entry.state === 'open' && state !== 'open';
  // Two relays may have counted alike.
  return call.attempt > entry.lastCall.attempt - (state === 'delivered' ? 1 : 0);
}

function proves(post: ShownPost, entry: LedgerEntry): boolean {
  return (
    entry.state !== 'rejected' &&
    post.text.trim() === entry.text.trim() &&
    post.pictureUrl === entry.pictureUrl &&
    post.createdAtMs >= entry.firstSentAtMs - CLOCK_SLACK_MS &&
    post.createdAtMs <= entry.lastCall.sentAtMs + WINDOW_MS
  );
}
