import { endsWithin, errorMessage, sleep } from '@wbor/async';
import type { Broker } from './broker-types.ts';
import type { Logger, QueueFacts } from './types.ts';

/** What a service offers its parts; {@link startQueueWatch} says there what is missing, and ends with it. */
interface WatchedService {
  readonly health: {
    addCheck(name: string, check: () => string | undefined): void;
    addNotice(name: string, notice: () => string | undefined): void;
  };
  onStop(name: string, stop: () => Promise<void>): void;
  readonly logger: Pick<Logger, 'debug'>;
}

/** A queue that we publish to, and somebody else consumes. */
export interface WatchedQueue {
  /** Its full name. */
  readonly queue: string;
  /** The service that consumes it. */
  readonly consumer: string;
  /** Whether we do not get a message through when the queue is gone. Default false: then a notice says it. */
  readonly isNeeded?: boolean;
}

/** What the last look showed of a queue. */
export interface QueueSight {
  readonly queue: string;
  /** Undefined when the queue is not there. */
  readonly facts: QueueFacts | undefined;
  /** How many looks in a row have found it without a consumer, or not at all. */
  readonly unserved: number;
  /** Since when it was not seen empty, in milliseconds of `Date.now()`. */
  readonly waitingSinceMs: number | undefined;
}

export interface QueueWatch {
  /** As of the last look; nothing while the broker does not answer. */
  readonly sights: readonly QueueSight[];
}

const LOOK_EVERY_MS = 1_500;
/** When another process takes over, or a hold is renewed, a queue has no consumer for a moment. */
const UNSERVED_AFTER = 2;
/** A broker that is away is not waited for. */
const STOP_TIMEOUT_MS = 500;

/**
 * Asks the broker every one and a half seconds whether our queues are there and somebody consumes them. A queue that
 * nobody consumes keeps what it is given, so that is a notice: who is taken out of the rotation for it would turn away what
 * would be kept. A needed queue that is gone is a reason not to be ready.
 */
export function startQueueWatch(
  options: { broker: Pick<Broker, 'inspectQueues'>; queues: readonly WatchedQueue[] },
  { health, logger, onStop }: WatchedService,
): QueueWatch {
  const { broker, queues } = options;
  const stopping = new AbortController();
  let sights: readonly QueueSight[] = [];

  async function look(): Promise<void> {
    try {
      const facts = await broker.inspectQueues(queues.map(({ queue }) => queue));
      sights = queues.map(({ queue }, index) => seen(queue, facts[index], sights[index], Date.now()));
    } catch (error) {
      // The check of the broker says what is wrong with it.
      sights = [];
      logger.debug({ error: errorMessage(error) }, 'could not look at the queues');
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(LOOK_EVERY_MS, stopping.signal);
    }
  }

  const watching = watch();
  onStop('watch of queues', async () => {
    stopping.abort();
    await endsWithin(watching, STOP_TIMEOUT_MS);
  });
  const describe = (isFault: boolean) => () => describeQueues(queues, sights, isFault);
  health.addCheck('queues', describe(true));
  health.addNotice('queues', describe(false));
  return {
    get sights() {
      return sights;
    },
  };
}

/** A look at a queue, after the one before it. */
export function seen(
  queue: string,
  facts: QueueFacts | undefined,
  before: QueueSight | undefined,
  nowMs: number,
): QueueSight {
  const isServed = facts !== undefined && facts.consumerCount > 0;
  const isWaiting = facts !== undefined && facts.messageCount > 0;
  return {
    queue,
    facts,
    unserved: isServed ? 0 : (before?.unserved ?? 0) + 1,
    waitingSinceMs: isWaiting ? (before?.waitingSinceMs ?? nowMs) : undefined,
  };
}

/** What is wrong with the queues, for people: the faults, or the rest. */
export function describeQueues(
  queues: readonly WatchedQueue[],
  sights: readonly QueueSight[],
  isFault: boolean,
): string | undefined {
  const texts = queues.flatMap(({ consumer, isNeeded = false, queue }, index) => {
    const sight = sights[index];
    if (sight === undefined || sight.unserved < UNSERVED_AFTER) return [];
    const isMissing = sight.facts === undefined;
    if (isFault !== (isMissing && isNeeded)) return [];
    if (isMissing) return [`queue ${queue} is gone; restart the ${consumer}, which declares it`];
    const waiting = sight.facts.messageCount;
    return [`no ${consumer} consumes ${queue}${waiting > 0 ? `; messages wait there: ${waiting}` : ''}`];
  });
  return texts.length > 0 ? texts.join('. ') : undefined;
}
