import { endsWithin, errorMessage, sleep } from '@wbor/async';
import { parkedAtOf } from '@wbor/contracts';
import type { Broker } from './broker-types.ts';
import type { BrowsedMessage, Logger } from './types.ts';

/** What a service offers its parts; {@link startParkedWatch} says there what lies in the queue, and ends with it. */
export interface WatchedService {
  readonly health: { addNotice(name: string, notice: () => string | undefined): void };
  onStop(name: string, stop: () => Promise<void>): void;
  readonly logger: Logger;
}

/** What lies in a queue of parked messages, as the broker says: also what was there before us, and what it put there by itself. */
export interface ParkedWatch {
  /** As of the last look. */
  readonly count: number;
  readonly oldestAgeSeconds: number;
  /** We have parked a message: the next look is soon. */
  parked(): void;
}

const LOOK_EVERY_MS = 30_000;
/** From one look to the next at least, when we know of a change meanwhile: a burst is one look. */
const LOOK_SOON_MS = 2_000;
/** A broker that is away is not waited for. */
const STOP_TIMEOUT_MS = 500;
/** Of more messages the new ones are not looked for among all. */
const MAX_SEARCHED = 1_000;
/** Of a larger one the headers will do. */
const MAX_READ_BYTES = 262_144;

interface Look {
  readonly count: number;
  readonly oldestMs: number;
  /** How many we had parked ourselves by then. */
  readonly ownCount: number;
}

/**
 * Asks the broker how many messages are parked, twice a minute. As a rule nothing is read. It is when another message may
 * have become the oldest, and when more have come than we parked ourselves: then the broker has given up on some, or another
 * process has parked them. `/readyz` has a notice in words as long as there are any.
 */
export function startParkedWatch(
  options: {
    broker: Pick<Broker, 'browse' | 'inspectQueues'>;
    /** Its full name. */
    queue: string;
    /** The command that shows them. */
    howToLook: string;
    /** Told of all that lies there, when more have come than we parked ourselves. */
    onMore?: (message: BrowsedMessage) => void;
  },
  { health, logger, onStop }: WatchedService,
): ParkedWatch {
  const { broker, howToLook, onMore, queue } = options;
  const stopping = new AbortController();
  let last: Look | undefined;
  let ownCount = 0;
  let wake = new AbortController();

  async function look(): Promise<Look> {
    // While somebody reads the queue it looks shorter, and a reader waits for that one.
    const [facts] = await broker.inspectQueues([queue]);
    if (last !== undefined && facts?.messageCount === last.count) return { ...last, ownCount };
    const browser = await broker.browse(queue, { maxMessageBytes: MAX_READ_BYTES });
    try {
      const { messageCount: count } = browser;
      const now = { count, ownCount, oldestMs: Date.now() };
      if (count === 0) return now;
      const news = last === undefined ? 0 : count - last.count - (ownCount - last.ownCount);
      const isSearched = news > 0 || last === undefined || count < last.count;
      // More have come, behind the one that is the oldest.
      if (!isSearched || count > MAX_SEARCHED) return { ...now, oldestMs: last?.oldestMs ?? now.oldestMs };
      let { oldestMs } = now;
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        oldestMs = Math.min(oldestMs, parkedAtOf(entry.headers)?.getTime() ?? oldestMs);
        if (news > 0) onMore?.(entry);
      }
      return { ...now, oldestMs };
    } finally {
      await browser.close();
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      try {
        last = await look();
      } catch (error) {
        // `/readyz` says what is wrong with the broker.
        logger.debug({ queue, error: errorMessage(error) }, 'could not look at what is parked');
      }
      await sleep(LOOK_SOON_MS, stopping.signal);
      await sleep(LOOK_EVERY_MS, AbortSignal.any([stopping.signal, wake.signal]));
    }
  }

  const watching = watch();
  onStop('watch of parked messages', async () => {
    stopping.abort();
    await endsWithin(watching, STOP_TIMEOUT_MS);
  });
  const ageMs = (): number => (last && last.count > 0 ? Math.max(0, Date.now() - last.oldestMs) : 0);
  health.addNotice('parked', () => {
    const { count = 0 } = last ?? {};
    if (count === 0) return undefined;
    return `parked messages: ${count}, the oldest for ${describeAge(ageMs())}; see ${howToLook}`;
  });
  return {
    get count() {
      return last?.count ?? 0;
    },
    get oldestAgeSeconds() {
      return ageMs() / 1000;
    },
    parked() {
      ownCount += 1;
      wake.abort();
    },
  };
}

function describeAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
