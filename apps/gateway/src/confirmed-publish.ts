import { type Broker, PublishError } from '@wbor/amqp';
import { endsWithin } from '@wbor/async';
import type { GatewayDeps } from './deps.ts';
import { GatewayError } from './errors.ts';
import type { GatewayMetrics } from './metrics.ts';

/**
 * Resolves once the broker has confirmed the message and a queue took it.
 * @throws GatewayError with status 503 when that did not happen in time.
 */
export type ConfirmedPublish = Broker['publish'];

const RETRY_AFTER_SECONDS = 5;

/** Nobody takes the message: that is a deployment fault, which seconds do not mend. */
const NO_RECEIVER_RETRY_AFTER_SECONDS = 30;

export function createConfirmedPublish(
  deps: Pick<GatewayDeps, 'publish' | 'brokerReady'> & { timeoutMs: number; metrics: GatewayMetrics },
): ConfirmedPublish {
  return async (definition, body, options) => {
    if (!deps.brokerReady()) throw brokerUnavailable();
    const stopTimer = deps.metrics.publishSeconds.startTimer();
    try {
      // Our own promise to the callers: copies of a message wait for each other before the broker's clock starts.
      const confirmed = await endsWithin(deps.publish(definition, body, options), deps.timeoutMs);
      if (!confirmed) throw new PublishError('TIMEOUT', 'no confirm in time');
      stopTimer({ outcome: 'confirmed' });
    } catch (error) {
      const refusal = toRefusal(error, options?.key ?? definition.key);
      stopTimer({ outcome: refusal.code.toLowerCase() });
      throw refusal;
    }
  };
}

function toRefusal(error: unknown, routingKey: string): GatewayError {
  if (!(error instanceof PublishError)) {
    return new GatewayError(500, 'INTERNAL', 'something went wrong here', { cause: error });
  }
  switch (error.code) {
    case 'TIMEOUT':
    case 'CHANNEL_CLOSED':
    // One of the queues may have kept it.
    case 'NACKED':
      return new GatewayError(
        503,
        'CONFIRM_TIMEOUT',
        'the broker did not confirm the message in time; it may still arrive. Repeat it with the same id',
        { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error },
      );
    case 'RETURNED':
      return new GatewayError(
        503,
        'NO_RECEIVER',
        `nothing takes messages for ${routingKey} yet, so this one was not kept; the receiving service must be started once`,
        { retryAfterSeconds: NO_RECEIVER_RETRY_AFTER_SECONDS, cause: error },
      );
    case 'INVALID':
      return new GatewayError(500, 'INTERNAL', 'something went wrong here', { cause: error });
    default:
      return brokerUnavailable(error);
  }
}

function brokerUnavailable(cause?: unknown): GatewayError {
  return new GatewayError(
    503,
    'BROKER_UNAVAILABLE',
    'the message broker takes nothing now; repeat it later',
    {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    },
  );
}
