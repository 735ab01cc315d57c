import { type Broker, type Delivery, PublishError } from '@wbor/amqp';
import { sleep } from '@wbor/async';
import {
  IN_DOUBT_HEADER,
  LOW_PRIORITY_HEADER,
  type Namespace,
  type PlannedMessage,
  plannedMessage,
  queueName,
  type ReadResult,
  readMessage,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  URGENT_PRIORITY,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';

/** The two queues between the stages. What is in the urgent one overtakes everything in the other. */
export type Lane = 'urgent' | 'normal';

/** A planned message as delivery reads it. */
export interface OutboxEntry {
  /** `low` has no queue of its own: it is what waits in the normal one and lets everything else in hand pass. */
  readonly lane: Lane | 'low';
  readonly planned: PlannedMessage;
  /** The AMQP id of the planned message: the same however often it is delivered, or sent by its producer. */
  readonly planId: string;
  /**
   * Whether the broker gave the producer's message to intake twice and the plan's id does not tell the two plans apart
   * from two messages: parts with the same text may be in the chat already.
   */
  readonly inDoubt: boolean;
}

/** What a source knows of its message, whatever the producer's AMQP properties say. */
interface SaidBySource {
  readonly priority?: 'urgent' | 'low' | undefined;
  /** What makes two messages of the source the same. */
  readonly eventId?: string | undefined;
}

/** The seam between the stages: intake puts planned messages in, delivery reads them. */
export interface Outbox {
  /** Full queue names. */
  readonly queues: Readonly<Record<Lane, string>>;
  /**
   * Stores a planned message, over the channel that delivers `origin`: a relay that was frozen makes no second copy of what has
   * gone to another meanwhile. Resolves once the broker has confirmed it; waits while the queue is gone.
   *
   * @param origin the producer's message, which decides lane and plan id where its source says nothing of them.
   * @returns false when `origin` was taken from us first.
   */
  put(planned: PlannedMessage, origin: Delivery, said?: SaidBySource): Promise<boolean>;
  /**
   * Stores words of our own, which let everything else pass. Resolves once the broker has confirmed them.
   *
   * @throws PublishError when the queue is gone, and the reason of `signal` once that is aborted.
   */
  putLow(planned: PlannedMessage, planId: string, signal: AbortSignal): Promise<void>;
  /** Reads a delivery of one of the two queues. A fault means that it holds no planned message of this version. */
  read(delivery: Delivery): ReadResult<OutboxEntry>;
}

/** Namespace of the ids of planned messages. */
const PLAN_NAMESPACE = '2b8a4f0c-7c1e-5d0b-9a63-5e1d8c7f4a90';

const DEFINITIONS = { urgent: relayOutboxUrgentQueue, normal: relayOutboxQueue } as const;

const MISSING_QUEUE_RETRY_MS = 1_000;

/** @param options.urgentSources sources whose messages overtake all others, whatever their priority. */
export function createOutbox(options: {
  broker: Pick<Broker, 'publishUntilConfirmed'>;
  namespace: Namespace;
  urgentSources: readonly string[];
  logger: Logger;
}): Outbox {
  const { broker, logger, namespace, urgentSources } = options;
  const queues = {
    urgent: queueName(DEFINITIONS.urgent, namespace),
    normal: queueName(DEFINITIONS.normal, namespace),
  };

  function laneOf(
    origin: Delivery,
    { source }: PlannedMessage,
    priority: SaidBySource['priority'],
  ): OutboxEntry['lane'] {
    // A test of an emergency source is none.
    if (priority !== undefined) return priority;
    return origin.priority >= URGENT_PRIORITY || urgentSources.includes(source) ? 'urgent' : 'normal';
  }

  return {
    queues,
    async put(planned, origin, { eventId, priority } = {}) {
      const lane = laneOf(origin, planned, priority);
      const queue = lane === 'urgent' ? lane : 'normal';
      // With an id of the producer's, or of the event, the plan is known by that.
      const isKnownById = origin.messageId !== undefined || eventId !== undefined;
      const options = {
        key: DEFINITIONS[queue].name,
        messageId: eventId === undefined ? planIdOf(origin) : planIdOfEvent(planned.source, eventId),
        headers: {
          ...(origin.redelivered && !isKnownById ? { [IN_DOUBT_HEADER]: true } : {}),
          ...(lane === 'low' ? { [LOW_PRIORITY_HEADER]: true } : {}),
        },
      };
      while (!origin.signal.aborted) {
        try {
          await origin.publishWhileHeld(plannedMessage, planned, options);
          return true;
        } catch (error) {
          if (origin.signal.aborted) return false;
          // Somebody deleted the queue; its consumer declares it again.
          if (!(error instanceof PublishError) || error.code !== 'RETURNED') throw error;
          logger.error({ queue: queues[queue], error: error.message }, 'the outbox is gone, waiting for it');
          await sleep(MISSING_QUEUE_RETRY_MS, origin.signal);
        }
      }
      return false;
    },
    async putLow(planned, planId, signal) {
      const options = {
        key: DEFINITIONS.normal.name,
        messageId: planId,
        headers: { [LOW_PRIORITY_HEADER]: true },
      };
      await broker.publishUntilConfirmed(plannedMessage, planned, options, signal);
    },
    read(delivery) {
      const reading = readMessage(plannedMessage, delivery);
      if (!reading.ok) return reading;
      const value: OutboxEntry = {
        lane: laneOfPlan(delivery, queues),
        planned: reading.value,
        planId: delivery.messageId ?? uuidv7(),
        inDoubt: delivery.headers[IN_DOUBT_HEADER] === true,
      };
      return { ok: true, value };
    },
  };
}

function laneOfPlan({ headers, queue }: Delivery, queues: Outbox['queues']): OutboxEntry['lane'] {
  if (queue === queues.urgent) return 'urgent';
  return headers[LOW_PRIORITY_HEADER] === true ? 'low' : 'normal';
}

/** Whatever the bytes are: two programs tell of one alert. */
function planIdOfEvent(source: string, eventId: string): string {
  return uuidv5(`event ${source}\n${eventId}`, PLAN_NAMESPACE);
}

/**
 * A producer that was not told whether its message was stored sends it again under its AMQP id. Both copies get one
 * plan id, and delivery leaves out what is in the chat. Another text under that id is another message.
 */
function planIdOf({ messageId, content }: Delivery): string {
  return messageId ? uuidv5(`${messageId}\n${content}`, PLAN_NAMESPACE) : uuidv7();
}
