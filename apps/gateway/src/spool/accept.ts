import { type MessageDefinition, messageCatalogue } from '@wbor/contracts';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import { GatewayError } from '../errors.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { type Spool, SpoolError } from './spool.ts';

/** A spool that is full empties itself once the broker is back, which takes a while. */
const RETRY_AFTER_SECONDS = 30;

/**
 * Publishes, or keeps the message on disk when the broker does not take it in time, under the same AMQP id: for callers that never repeat. While messages
 * wait there, later ones go behind them, so that their order is kept.
 */
export function createAccept(options: {
  publish: ConfirmedPublish;
  spool: Spool;
  metrics: Pick<GatewayMetrics, 'spooled'>;
}): ConfirmedPublish {
  const { metrics, publish, spool } = options;
  return async (definition, body, published = {}) => {
    const { headers = {}, key = definition.key, messageId } = published;
    const name = nameOf(definition);
    if (messageId === undefined || name === undefined) return await publish(definition, body, published);
    if (spool.depth === 0) {
      try {
        return await publish(definition, body, published);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.statusCode !== 503) throw error;
      }
    }
    try {
      await spool.add({ message: name, routingKey: key, messageId, headers, body: JSON.stringify(body) });
      metrics.spooled.inc();
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      const message = 'the broker takes nothing, and the spool is full; the message was not kept';
      throw new GatewayError(503, 'SPOOL_FULL', message, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      });
    }
  };
}

function nameOf(definition: MessageDefinition): string | undefined {
  return Object.keys(messageCatalogue).find((name) => messageCatalogue[name] === definition);
}
