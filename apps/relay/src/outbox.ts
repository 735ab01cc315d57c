import { setTimeout as delay } from 'node:timers/promises';
import { type Broker, type Delivery, PublishError } from '@wbor/amqp';
import {
  type Namespace,
  type PlannedMessage,
  plannedMessage,
  plannedMessageSchema,
  queueName,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';

/** The two queues between the stages. What is in the urgent one overtakes everything in the other. */
export type Lane = 'urgent' | 'normal';

/** A planned message as delivery reads it. */
export interface OutboxEntry {
  readonly lane: Lane;
  readonly planned: PlannedMessage;
  /** The AMQP id of the planned message: the same however often it is delivered, or sent by its producer. */
  readonly planId: string;
  /**
   * Whether the broker gave the producer's message to intake twice and the plan's id does not tell the two plans apart
   * from two messages: parts with the same text may be in the chat already.
   */
  readonly inDoubt: boolean;
}

/** The seam between the stages: intake puts planned messages in, delivery reads them. */
export interface Outbox {
  /** Full queue names. */
  readonly queues: Readonly<Record<Lane, string>>;
  /**
   * Stores a planned message and resolves once the broker has confirmed it. Waits while the broker is away or the queue
   * is gone.
   *
   * @param origin the producer's message, which decides lane and plan id.
   * @returns false when `origin` was taken from us first.
   */
  put(planned: PlannedMessage, origin: Delivery): Promise<boolean>;
  /** Reads a delivery of one of the two queues; undefined when it holds no planned message of this version. */
  read(delivery: Delivery, lane: Lane): OutboxEntry | undefined;
}

/** Header of a planned message that may be in the chat already; see {@link OutboxEntry.inDoubt}. */
const IN_DOUBT_HEADER = 'x-in-doubt';

/** Namespace of the ids of planned messages. */
const PLAN_NAMESPACE = '2b8a4f0c-7c1e-5d0b-9a63-5e1d8c7f4a90';

/** AMQP priority from which a message is an emergency. */
const URGENT_PRIORITY = 5;

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
    urgent: queueName(relayOutboxUrgentQueue, namespace),
    normal: queueName(relayOutboxQueue, namespace),
  };

  function laneOf(origin: Delivery, { source }: PlannedMessage): Lane {
    return origin.priority >= URGENT_PRIORITY || urgentSources.includes(source) ? 'urgent' : 'normal';
  }

  return {
    queues,
    async put(planned, origin) {
      const queue = queues[laneOf(origin, planned)];
      const outgoing = {
        exchange: '',
        routingKey: queue,
        type: plannedMessage.key,
        messageId: planIdOf(origin),
        body: planned,
        // With an id of the producer's the plan is known by that.
        headers: origin.redelivered && !origin.messageId ? { [IN_DOUBT_HEADER]: true } : {},
      };
      while (!origin.signal.aborted) {
        try {
          await broker.publishUntilConfirmed(outgoing, origin.signal);
          return true;
        } catch (error) {
          if (origin.signal.aborted) return false;
          // Somebody deleted the queue; its consumer declares it again.
          if (!(error instanceof PublishError) || error.code !== 'RETURNED') throw error;
          logger.error({ queue, error: error.message }, 'the outbox is gone, waiting for it');
          await delay(MISSING_QUEUE_RETRY_MS);
        }
      }
      return false;
    },
    read(delivery, lane) {
      const planned = parsePlanned(delivery.content);
      if (!planned) return undefined;
      return {
        lane,
        planned,
        planId: delivery.messageId ?? uuidv7(),
        inDoubt: delivery.headers[IN_DOUBT_HEADER] === true,
      };
    },
  };
}

/**
 * A producer that was not told whether its message was stored sends it again under its AMQP id. Both copies get one
 * plan id, and delivery leaves out what is in the chat. Another text under that id is another message.
 */
function planIdOf({ messageId, content }: Delivery): string {
  return messageId ? uuidv5(`${messageId}\n${content}`, PLAN_NAMESPACE) : uuidv7();
}

function parsePlanned(content: Buffer): PlannedMessage | undefined {
  try {
    return plannedMessageSchema.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}
