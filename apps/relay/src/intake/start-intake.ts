import type { Broker } from '@wbor/amqp';
import { type Namespace, queueName, relayStandardQueue, relayTwilioQueue } from '@wbor/contracts';
import type { GroupMeClient } from '@wbor/groupme';
import type { ServiceContext } from '@wbor/service';
import type { RelayConfig } from '../config.ts';
import type { RelayMetrics } from '../metrics.ts';
import type { Bans } from '../moderation/bans.ts';
import type { AuditEvents } from '../notify/audit-events.ts';
import type { NotPosted } from '../notify/not-posted.ts';
import type { ProducerNotifier } from '../notify/producer.ts';
import type { Outbox } from '../outbox.ts';
import type { Parker } from '../park.ts';
import { createImageFetcher } from './images/fetch-image.ts';
import { createIntake } from './intake.ts';
import { createPreparer } from './prepare.ts';

export interface IntakeStageOptions {
  readonly config: RelayConfig;
  readonly namespace: Namespace;
  readonly botId: string;
  readonly broker: Broker;
  readonly groupme: GroupMeClient;
  readonly outbox: Outbox;
  readonly audit: AuditEvents;
  readonly producer: ProducerNotifier;
  readonly notPosted: NotPosted;
  readonly parker: Parker;
  readonly bans: Bans;
  readonly metrics: RelayMetrics;
}

/**
 * Messages that are prepared at once: many, or those of one source that wait for slow images would keep all others
 * out; not any number, since a flood of huge ones must fit into memory.
 */
const PREFETCH = 100;

/** Wires stage 1 and starts it. */
export async function startIntake(
  options: IntakeStageOptions,
  { logger, onStop }: ServiceContext,
): Promise<{ stop(): Promise<void> }> {
  const { audit, botId, broker, config, groupme, metrics, namespace } = options;
  const fetcher = createImageFetcher({ allowHosts: config.IMAGE_ALLOW_HOSTS });
  onStop('image fetcher', () => fetcher.close());
  const preparer = createPreparer({
    fetcher,
    groupme,
    botId,
    canUpload: config.GROUPME_ACCESS_TOKEN !== undefined,
    characterLimit: config.GROUPME_CHARACTER_LIMIT,
    audit,
    metrics,
    logger,
  });
  const intake = createIntake({ ...options, preparer, logger });
  // A channel each: two relays may share the work, one queue each.
  const consumers = await Promise.all(
    [relayTwilioQueue, relayStandardQueue].map((definition) =>
      broker.consume({
        queues: [{ queue: queueName(definition, namespace), prefetch: PREFETCH }],
        onDelivery: (delivery) => intake.onDelivery(delivery.queue, delivery),
      }),
    ),
  );
  return {
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}
