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

/** One part of one message, and what is known of it. */
export interface LedgerEntry {
  readonly planId: string;
  readonly messageId: string;
  readonly source: string;
  readonly part: number;
  readonly text: string;
  readonly pictureUrl: string | undefined;
  /** No call can have been made before. */
  readonly firstSentAtMs: number;
  lastSentAtMs: number;
  delivered: boolean;
  /** The post in the chat that proves it, once one was seen. */
  shownAs: string | undefined;
  /** How that post was seen. */
  shownVia: 'echo' | 'read-back' | undefined;
  /** How many calls are known of, or must be reckoned with. */
  attempts: number;
  /** The outcome of the last call is logged as unknown. */
  doubtful: boolean;
  /** Numbers to leave out before the next call: for calls that another relay may have made and not told of. */
  skip: number;
  /** How many parts the message has. */
  readonly parts: number;
}

/** What a part is known by. */
export interface LedgerPart {
  /** The AMQP id of the planned message; empty when unknown. */
  readonly planId: string;
  readonly messageId: string;
  readonly source: string;
  readonly part: number;
  /** How many parts the message has. */
  readonly parts: number;
  readonly text: string;
  readonly pictureUrl: string | undefined;
}

/**
 * What this relay knows of its posts: which calls were made, by itself or by the one before it, and which posts
 * the chat was seen to show. Matches the two by exact text and picture within a time window; a post in the
 * chat proves one part only, so that the same text sent twice on purpose needs two.
 */
export interface Ledger {
  /** Opens the entry of a part that is about to be posted, or gives the one that is open. */
  open(part: LedgerPart, sentAtMs: number): LedgerEntry;
  /** Records a call that the journal tells of. */
  record(
    part: LedgerPart,
    call: { sentAtMs: number; attempt: number; delivered: boolean; doubtful: boolean },
  ): void;
  /** Gives the entry of a part that somebody else may have posted since then, and reckons with that call. */
  suspect(part: LedgerPart, sinceMs: number): LedgerEntry;
  /** Records a post that the chat shows. Hearing it twice does no harm. */
  saw(post: ShownPost, via: 'echo' | 'read-back'): void;
  /** How many parts of a planned message are delivered, counted from the first without a gap. */
  partsDelivered(plan: { readonly planId: string; readonly parts: readonly unknown[] }): number;
  /** The same, whatever plan they belonged to: parts of this message with this text and picture. */
  equalPartsDelivered(
    messageId: string,
    parts: readonly { text: string; picture_url?: string | undefined }[],
  ): number;
  /** When the newest post was made whose echo was heard; undefined when none ever was. */
  readonly lastEchoAtMs: number | undefined;
  /** The message whose parts are not all in the chat, going by the newest post; undefined when there is none. */
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

  function find({
    messageId,
    part,
    text,
    pictureUrl,
  }: Pick<LedgerPart, 'messageId' | 'part' | 'text' | 'pictureUrl'>): LedgerEntry | undefined {
    return entries.findLast(
      (entry) =>
        entry.messageId === messageId &&
        entry.part === part &&
        entry.text === text &&
        entry.pictureUrl === pictureUrl,
    );
  }

  function add(part: LedgerPart, firstSentAtMs: number, lastSentAtMs: number): LedgerEntry {
    const { planId, messageId, source, part: number, parts, text, pictureUrl } = part;
    const entry: LedgerEntry = {
      planId,
      messageId,
      source,
      part: number,
      parts,
      text,
      pictureUrl,
      firstSentAtMs,
      lastSentAtMs,
      delivered: false,
      shownAs: undefined,
      shownVia: undefined,
      attempts: 0,
      doubtful: false,
      skip: 0,
    };
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) entries.shift();
    return entry;
  }

  /** Its proof may have been seen before anybody asked. */
  function claimEarlier(entry: LedgerEntry): void {
    const index = unclaimed.findIndex((post) => proves(post, entry));
    const [proof] = index < 0 ? [] : unclaimed.splice(index, 1);
    entry.shownAs = proof?.id;
    entry.shownVia = proof?.via;
  }

  return {
    get lastEchoAtMs() {
      return lastEchoAtMs;
    },
    open(part, sentAtMs) {
      const known = find(part);
      const entry = known && !known.delivered ? known : add(part, sentAtMs, sentAtMs);
      entry.lastSentAtMs = sentAtMs;
      entry.attempts += 1 + entry.skip;
      entry.skip = 0;
      entry.doubtful = false;
      return entry;
    },
    record(part, { sentAtMs, attempt, delivered, doubtful }) {
      const known = find(part);
      // Our own calls are here already.
      if (known?.lastSentAtMs === sentAtMs) return;
      const entry = known && !known.delivered ? known : add(part, sentAtMs, sentAtMs);
      entry.lastSentAtMs = sentAtMs;
      entry.attempts = Math.max(entry.attempts, attempt);
      entry.delivered = delivered;
      entry.doubtful = doubtful;
      if (entry.shownAs === undefined) claimEarlier(entry);
    },
    suspect(part, sinceMs) {
      const entry = find(part) ?? add(part, sinceMs, sinceMs);
      entry.lastSentAtMs = Date.now();
      // A doubtful call is logged already, and there may be one more that is not.
      if (entry.doubtful) entry.skip = 1;
      else entry.attempts += 1;
      if (entry.shownAs === undefined) claimEarlier(entry);
      return entry;
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
    partsDelivered({ planId, parts }) {
      const delivered = new Set(
        entries.filter((entry) => entry.planId === planId && entry.delivered).map(({ part }) => part),
      );
      const missing = parts.findIndex((_part, index) => !delivered.has(index + 1));
      return missing < 0 ? parts.length : missing;
    },
    equalPartsDelivered(messageId, parts) {
      const missing = parts.findIndex(
        ({ text, picture_url }, index) =>
          !find({ messageId, part: index + 1, text, pictureUrl: picture_url })?.delivered,
      );
      return missing < 0 ? parts.length : missing;
    },
    unfinished() {
      const newest = entries
        .filter((entry) => entry.delivered)
        .reduce<LedgerEntry | undefined>(
          (last, entry) => (last && last.lastSentAtMs > entry.lastSentAtMs ? last : entry),
          undefined,
        );
      return newest && newest.part < newest.parts ? newest.messageId : undefined;
    },
    unproved: () => entries.filter((entry) => entry.delivered && entry.shownAs === undefined),
  };
}

function proves(post: ShownPost, entry: LedgerEntry): boolean {
  return (
    post.text.trim() === entry.text.trim() &&
    post.pictureUrl === entry.pictureUrl &&
    post.createdAtMs >= entry.firstSentAtMs - CLOCK_SLACK_MS &&
    post.createdAtMs <= entry.lastSentAtMs + WINDOW_MS
  );
}
