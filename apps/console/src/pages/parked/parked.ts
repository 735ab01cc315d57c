import type { Broker } from '@wbor/amqp';
import {
  auditParkedQueue,
  moderatorParkedQueue,
  type Namespace,
  queueName,
  relayParkedQueue,
} from '@wbor/contracts';
import { type ParkedMessage, type Verdict, walkParked } from '@wbor/parked';

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
  /** `id#copy`. */
  readonly name: string;
}

export interface ListedParked extends Omit<ParkedMessage, 'content' | 'headers'> {
  readonly ref: ParkedRef;
  readonly bytes: number;
}

/** What became of those that were to be replayed or discarded. */
export interface Carried {
  readonly done: readonly ParkedMessage[];
  readonly failures: readonly { readonly message: ParkedMessage; readonly why: string }[];
}

export interface Parked {
  /** Oldest first; of more than some hundreds only the first, and how many there are. */
  list(): Promise<{ readonly listed: readonly ListedParked[]; readonly count: number }>;
  find(ref: ParkedRef): Promise<ParkedMessage | undefined>;
  /** Does it with each of them, or says why not. @param before called for each, first; what it throws keeps it parked. */
  carryOut(
    refs: readonly ParkedRef[],
    verdict: Exclude<Verdict, 'keep'>,
    before: (message: ParkedMessage) => Promise<void>,
  ): Promise<Carried>;
}

const MAX_LISTED = 300;

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
    judge: (message: ParkedMessage, ref: ParkedRef) => Verdict | Promise<Verdict>,
    onFailure?: (message: ParkedMessage, why: string) => void,
  ): Promise<void> =>
    walkParked(
      broker(),
      { name: queueName({ name: queue }, namespace), namespace },
      (message) => judge(message, { queue, name: `${message.id}#${message.copy}` }),
      onFailure,
    );

  return {
    list: () =>
      inTurn(async () => {
        const listed: ListedParked[] = [];
        let count = 0;
        for (const queue of parkedQueues) {
          await walk(queue, ({ content, headers: _, ...message }, ref) => {
            count += 1;
            if (listed.length < MAX_LISTED) listed.push({ ...message, ref, bytes: content.length });
            return 'keep';
          });
        }
        return { listed, count };
      }),
    find: (wanted) =>
      inTurn(async () => {
        let found: ParkedMessage | undefined;
        await walk(wanted.queue, (message, { name }) => {
          if (name === wanted.name) found = message;
          return 'keep';
        });
        return found;
      }),
    carryOut: (refs, verdict, before) =>
      inTurn(async () => {
        const done: ParkedMessage[] = [];
        const failures: { message: ParkedMessage; why: string }[] = [];
        for (const queue of parkedQueues) {
          const names = new Set(refs.filter((ref) => ref.queue === queue).map(({ name }) => name));
          if (names.size === 0) continue;
          await walk(
            queue,
            async (message, { name }) => {
              if (!names.has(name)) return 'keep';
              await before(message);
              done.push(message);
              return verdict;
            },
            (message, why) => {
              done.splice(done.indexOf(message), 1);
              failures.push({ message, why });
            },
          );
        }
        return { done, failures };
      }),
  };
}
