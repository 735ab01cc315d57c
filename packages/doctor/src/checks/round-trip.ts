import { randomUUID } from 'node:crypto';
import { type Broker, connectBroker, type Logger } from '@wbor/amqp';
import { endsWithin } from '@wbor/async';
import {
  deriveTopology,
  echoEvent,
  replySchema,
  shownUid,
  standardKey,
  standardMessage,
} from '@wbor/contracts';
import { describeError } from '../describe-error.ts';
import type { BrokerSeen } from '../patient.ts';
import type { ServiceName } from '../services.ts';
import { type Check, type Finding, fault, ok, skipped } from '../types.ts';

const POSTED_WITHIN_MS = 20_000;
const CALLED_BACK_WITHIN_MS = 15_000;

/** How long each step may take. */
export interface RoundTripTiming {
  readonly postedWithinMs: number;
  readonly calledBackWithinMs: number;
}

/** Posts one message to the chat as a producer would, and waits until the relay has posted it and GroupMe has called back. */
export const roundTrip = buildRoundTrip({
  postedWithinMs: POSTED_WITHIN_MS,
  calledBackWithinMs: CALLED_BACK_WITHIN_MS,
});

export function buildRoundTrip(timing: RoundTripTiming): Check {
  return {
    name: 'round trip',
    summary: 'a message to the chat, until GroupMe calls back',
    sends: true,
    timeoutMs: timing.postedWithinMs + timing.calledBackWithinMs + 10_000,
    async run({ brokers }) {
      // As those who may: the gateway publishes messages, the relay hears echoes.
      const sender = seenBy(brokers, 'gateway') ?? seenBy(brokers, 'relay');
      const hearer = seenBy(brokers, 'relay') ?? sender;
      if (sender === undefined || hearer === undefined) {
        return [skipped('', 'needs the settings of the gateway or of the relay')];
      }
      try {
        await Promise.all([sender.inspect(), hearer.inspect()]);
      } catch {
        return [skipped('', 'no connection to the broker')];
      }
      const opened: Broker[] = [];
      try {
        for (const seen of sender === hearer ? [sender] : [sender, hearer]) opened.push(await connect(seen));
        return await travel(opened[0], opened.at(-1), timing);
      } finally {
        await Promise.allSettled(opened.map((broker) => broker.close()));
      }
    },
  };
}

function seenBy(brokers: readonly BrokerSeen[], service: ServiceName): BrokerSeen | undefined {
  return brokers.find(({ services }) => services.includes(service));
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function connect({ address, namespace }: BrokerSeen): Promise<Broker> {
  return connectBroker({
    ...address,
    appId: 'doctor',
    topology: deriveTopology([], namespace),
    logger: silent,
  });
}

async function travel(
  sender: Broker | undefined,
  hearer: Broker | undefined,
  timing: RoundTripTiming,
): Promise<Finding[]> {
  if (sender === undefined || hearer === undefined) return [];
  const id = randomUUID();
  const replied = Promise.withResolvers<string>();
  const calledBack = Promise.withResolvers<true>();
  const replies = await sender.openReplyQueue({
    onReply(content, correlationId) {
      if (correlationId === id) replied.resolve(content.toString());
    },
  });
  await hearer.listen({
    pattern: echoEvent.key,
    onMessage(content) {
      if (content.includes(shownUid(id))) calledBack.resolve(true);
    },
  });
  const startedAt = performance.now();
  const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
  try {
    await sender.publish(
      standardMessage,
      {
        body: 'The doctor sent this to see whether messages get through.',
        source: 'doctor',
        wbor_message_id: id,
      },
      {
        key: standardKey('doctor'),
        messageId: id,
        correlationId: id,
        ...(replies.name && { replyTo: replies.name }),
      },
    );
  } catch (error) {
    return [
      fault(
        '',
        `the broker did not take the message: ${describeError(error)}`,
        'see the checks of broker, queues and rights above; the relay declares the queue that takes it',
      ),
    ];
  }
  const reply = await within(replied.promise, timing.postedWithinMs);
  if (reply === undefined) {
    return [
      fault(
        '',
        `the relay has not said within ${timing.postedWithinMs / 1000} s that the message is in the chat; it may come later`,
        'see that a relay runs, and what its /readyz says; other messages may be before it (length of relay.outbox)',
      ),
    ];
  }
  const outcome = replySchema.safeParse(JSON.parse(reply));
  if (!outcome.success || outcome.data.status !== 'success') {
    const reason =
      outcome.success && 'reason' in outcome.data
        ? String(outcome.data.reason)
        : 'an answer that makes no sense';
    return [
      fault(
        '',
        `the relay did not post the message: ${reason}`,
        'see the log of the relay, and `npm run parked -- list`',
      ),
    ];
  }
  const posted = ok('', `a message was in the chat after ${seconds()} s`);
  if ((await within(calledBack.promise, timing.calledBackWithinMs)) === undefined) {
    return [
      posted,
      fault(
        '',
        `GroupMe accepted the post, and no callback of it came back within ${timing.calledBackWithinMs / 1000} s`,
        "see that the bot's callback URL leads to the gateway from outside (proxy, certificate, firewall) and ends in our secret; the gateway logs what it refuses",
      ),
    ];
  }
  return [posted, ok('', `its callback came back after ${seconds()} s`)];
}

async function within<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  return (await endsWithin(work, ms)) ? work : undefined;
}
