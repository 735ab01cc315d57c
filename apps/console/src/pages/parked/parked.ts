import { createHash } from 'node:crypto';
import type { Broker } from '@wbor/amqp';
import {
  auditParkedQueue,
  moderatorParkedQueue,
  type Namespace,
  queueName,
  relayParkedQueue,
} from '@wbor/contracts';
import { type ParkedMessage, type Verdict, walkParked } from '@wbor/parked';
import { keep } from '../../keep.ts';

/** Where messages wait for a person, in the order in which they matter. */
export const parkedQueues = [
  relayParkedQueue.name,
  moderatorParkedQueue.name,
  auditParkedQueue.name,
] as const;
type ParkedQueueName = (typeof parkedQueues)[number];

/** One parked message among all: its queue, and its name there. */
export interface ParkedRef {
  readonly queue: ParkedQueueName;
  /** `id#copy#digest`: a copy is a place in the queue, where another message may stand by the time that somebody acts. */
  readonly name: string;
}

/** What can be kept of many: a body may have a megabyte. */
export type ParkedFacts = Omit<ParkedMessage, 'content' | 'headers'>;

export interface ListedParked extends ParkedFacts {
  readonly ref: ParkedRef;
  readonly bytes: number;
}

/** What became of those that were to be replayed or discarded. */
export interface Carried {
  /** How many. */
  readonly done: number;
  readonly failures: readonly { readonly id: string; readonly why: string }[];
}

/** Writes down what is done with a message. */
export interface ParkedLog {
  /** Called first; what it throws keeps the message parked. */
  begin(message: ParkedMessage): Promise<void>;
  /** It was begun, and came to nothing, as far as we know. */
  fail(message: ParkedFacts, why: string): Promise<void>;
}

export interface Parked {
  /** Oldest first; of more than some hundreds only the first, and how many there are. Of a moment ago, but after all that was done here. */
  list(): Promise<{ readonly listed: readonly ListedParked[]; readonly count: number }>;
  find(ref: ParkedRef): Promise<ParkedMessage | undefined>;
  /** Does it with each of them, or says why not. */
  carryOut(refs: readonly ParkedRef[], verdict: Exclude<Verdict, 'keep'>, log: ParkedLog): Promise<Carried>;
}

const MAX_LISTED = 300;
/** Whoever walks has the queue for themselves: many who look must not keep one waiting who acts. */
const KEPT_MS = 2_000;

const GONE = 'it is parked no more';
const ANOTHER = 'another message stands in its place by now; look at the list again';
const BROKEN_OFF = 'the broker went away meanwhile; perhaps it was done all the same';

export function refOf(
  queue: ParkedQueueName,
  { content, copy, id }: Pick<ParkedMessage, 'content' | 'copy' | 'id'>,
): ParkedRef {
  return { queue, name: `${id}#${copy}#${createHash('sha256').update(content).digest('hex').slice(0, 8)}` };
}

function factsOf({ content: _, headers: __, ...facts }: ParkedMessage): ParkedFacts {
  return facts;
}

/** Its name without the digest. */
function placeOf({ name }: ParkedRef): string {
  return name.slice(0, name.lastIndexOf('#'));
}

/** Which of the messages of a queue are meant, asked one after the other. */
export function createChoice(refs: readonly ParkedRef[]) {
  const wanted = new Map(refs.map((ref) => [placeOf(ref), ref]));
  return {
    /** @returns whether it is one of them; a text says why it is not, though it stands where one of them stood. */
    judge(queue: ParkedQueueName, message: Pick<ParkedMessage, 'content' | 'copy' | 'id'>): boolean | string {
      const place = `${message.id}#${message.copy}`;
      const ref = wanted.get(place);
      if (ref === undefined) return false;
      wanted.delete(place);
      return refOf(queue, message).name === ref.name || ANOTHER;
    },
    /** Those that did not come. */
    get missing(): readonly string[] {
      return [...wanted.keys()];
    },
  };
}

/** Looks after the parking queues. One walk at a time: whoever walks has the messages in hand meanwhile. */
export function createParked(broker: () => Broker, namespace: Namespace): Parked {
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  const walk = (
    queue: ParkedQueueName,
    judge: (message: ParkedMessage) => Verdict | Promise<Verdict>,
    onFailure?: (message: ParkedMessage, why: string) => void,
  ): Promise<void> =>
    walkParked(broker(), { name: queueName({ name: queue }, namespace), namespace }, judge, onFailure);

  const all = keep(KEPT_MS, () =>
    inTurn(async () => {
      const listed: ListedParked[] = [];
      let count = 0;
      for (const queue of parkedQueues) {
        await walk(queue, (message) => {
          count += 1;
          if (listed.length < MAX_LISTED) {
            const bytes = message.content.length;
            listed.push({ ...factsOf(message), ref: refOf(queue, message), bytes });
          }
          return 'keep';
        });
      }
      return { listed, count };
    }),
  );

  /** In one queue. */
  async function carryOutIn(
    queue: ParkedQueueName,
    refs: readonly ParkedRef[],
    verdict: Exclude<Verdict, 'keep'>,
    log: ParkedLog,
  ): Promise<Carried> {
    const choice = createChoice(refs);
    const failed: { message: ParkedFacts; why: string }[] = [];
    const failures: { id: string; why: string }[] = [];
    let begun = 0;
    let inHand: ParkedFacts | undefined;
    try {
      await walk(
        queue,
        async (message) => {
          inHand = undefined;
          const isMeant = choice.judge(queue, message);
          if (typeof isMeant === 'string') failures.push({ id: message.id, why: isMeant });
          if (isMeant !== true) return 'keep';
          await log.begin(message);
          inHand = factsOf(message);
          begun += 1;
          return verdict;
        },
        (message, why) => failed.push({ message: factsOf(message), why }),
      );
    } catch (error) {
      if (inHand !== undefined) failed.push({ message: inHand, why: BROKEN_OFF });
      throw error;
    } finally {
      for (const { message, why } of failed) {
        failures.push({ id: message.id, why });
        await log.fail(message, why);
      }
    }
    failures.push(...choice.missing.map((id) => ({ id, why: GONE })));
    return { done: begun - failed.length, failures };
  }

  return {
    list: () => all.ask(),
    find: (wanted) =>
      inTurn(async () => {
        let found: ParkedMessage | undefined;
        const choice = createChoice([wanted]);
        await walk(wanted.queue, (message) => {
          if (choice.judge(wanted.queue, message) === true) found = message;
          return 'keep';
        });
        return found;
      }),
    carryOut: (refs, verdict, log) =>
      inTurn(async () => {
        const carried: Carried[] = [];
        try {
          for (const queue of parkedQueues) {
            const inIt = refs.filter((ref) => ref.queue === queue);
            if (inIt.length > 0) carried.push(await carryOutIn(queue, inIt, verdict, log));
          }
        } finally {
          all.forget();
        }
        return {
          done: carried.reduce((sum, { done }) => sum + done, 0),
          failures: carried.flatMap(({ failures }) => failures),
        };
      }),
  };
}
