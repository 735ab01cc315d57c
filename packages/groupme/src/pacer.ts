/**
 * Decides when the next post may go out. One per bot.
 *
 * Nobody knows GroupMe's limit, so it is felt for. The rate creeps up while posts are accepted and halves
 * when they are refused. The rate that was refused is remembered as the ceiling: the way back up is quick to
 * just below it, and from there so slow that a refusal is rare.
 */
export interface Pacer {
  /** The present pace; `Infinity` when there is no limit. */
  readonly ratePerSecond: number;
  /** How long to wait now, in milliseconds; 0 after a quiet spell. */
  delayMs(): number;
  /** A post is going out. */
  posted(): void;
  /** The post was accepted. */
  accepted(): void;
  /** GroupMe refused the post: wait, at least as long as it said. Returns the wait in milliseconds. */
  refused(retryAfterMs: number | undefined): number;
}

export interface PacerOptions {
  /** Where the pace starts; 0 means no limit, and then only refusals are waited for. */
  readonly ratePerSecond: number;
  /** Never exceeded. Of no meaning when there is no limit. */
  readonly maxRatePerSecond: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly random?: () => number;
}

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** A header that asks for days is taken for a fault: one refused post an hour harms nobody. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** However often GroupMe refuses, the pace does not fall below one post in 20 s. */
const MIN_RATE_PER_SECOND = 0.05;

/** So late a post may be, as a share of the time between two, that the next one is not late with it. */
const MADE_UP_SHARE = 0.1;
/** One post is longer under way than another: without this, one too many might arrive within a second. 2 were too few. */
const JITTER_MS = 5;
/** After a quiet spell a post has to open a connection first, and arrives later by that. */
const OPENING_MS = 20;

/** From 1 to 4 a second in about 50 posts. */
const CREEP = 1.03;
/** Near the ceiling: about 50 posts from just below it to where it was. */
const PROBE = 1.002;
const JUST_BELOW = 0.9;
/** The way back from half the ceiling takes 4 posts. */
const RECOVERY_STEP = 0.1;
/** GroupMe also refuses for reasons of its own, at any rate: one refusal lowers the ceiling by so much at most. */
const MAX_CEILING_DROP = 0.8;
/** Limits change. Without a refusal for so long, a ceiling is forgotten; to find it again costs little. */
const FORGET_CEILING_MS = 10 * 60_000;

export function createPacer(options: PacerOptions): Pacer {
  const { now = () => performance.now(), random = Math.random } = options;
  const startRate = options.ratePerSecond > 0 ? options.ratePerSecond : Number.POSITIVE_INFINITY;
  const maxRate = options.ratePerSecond > 0 ? options.maxRatePerSecond : Number.POSITIVE_INFINITY;
  const minRate = Math.min(MIN_RATE_PER_SECOND, startRate);
  /** Without a limit one is enough, for whether it goes on at the pace. */
  const maxPerSecond = maxRate === Number.POSITIVE_INFINITY ? 1 : Math.ceil(maxRate);
  let rate = startRate;
  let ceiling: number | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  /** When the last posts went out, or could at the latest, as many as a second may take at most. */
  let lastPosts: readonly number[] = [];
  let lastRefusalAt = Number.NEGATIVE_INFINITY;
  /** In a row. */
  let refusals = 0;
  let isAtPace = false;

  /** When as many posts have gone out as a second takes, counted from each of them. */
  function secondIsOverAt(): number {
    const perSecond = Math.ceil(rate);
    const first = lastPosts.at(-perSecond);
    return first === undefined ? Number.NEGATIVE_INFINITY : first + (perSecond * 1000) / rate + JITTER_MS;
  }

  function speedUp(): void {
    const target = ceiling === undefined ? startRate : ceiling * JUST_BELOW;
    if (rate < target) rate = Math.min(rate + target * RECOVERY_STEP, target);
    else rate *= ceiling === undefined ? CREEP : PROBE;
    rate = Math.min(rate, maxRate);
  }

  function slowDown(): void {
    ceiling = Math.max(rate, (ceiling ?? rate) * MAX_CEILING_DROP);
    rate = Math.max(rate / 2, minRate);
  }

  return {
    get ratePerSecond() {
      return rate;
    },
    delayMs: () => Math.max(0, nextAt - now()),
    posted() {
      const intervalMs = 1000 / rate;
      const at = now();
      isAtPace = at - (lastPosts.at(-1) ?? Number.NEGATIVE_INFINITY) <= 2 * intervalMs;
      // Every timer is late by a little, which would add up. A quiet spell earns no burst.
      const dueAt = at - nextAt <= intervalMs * MADE_UP_SHARE ? nextAt : at;
      lastPosts = [...lastPosts, isAtPace ? at : at + OPENING_MS].slice(-maxPerSecond);
      nextAt = Math.max(dueAt + intervalMs, secondIsOverAt());
    },
    accepted() {
      const wasRefused = refusals > 0;
      refusals = 0;
      if (now() - lastRefusalAt >= FORGET_CEILING_MS) ceiling = undefined;
      // A post after a pause proves nothing about the pace: it would have been accepted at any.
      if (isAtPace && !wasRefused) speedUp();
    },
    refused(retryAfterMs) {
      // Those that follow in a row are of the same overrun: the pauses grow, the pace has fallen already.
      if (refusals === 0) slowDown();
      const backOffMs = Math.min(MIN_PAUSE_MS * 2 ** refusals, MAX_PAUSE_MS) * (0.5 + random() / 2);
      refusals += 1;
      lastRefusalAt = now();
      const pauseMs = Math.max(Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS), backOffMs);
      nextAt = Math.max(nextAt, now() + pauseMs);
      return nextAt - now();
    },
  };
}
