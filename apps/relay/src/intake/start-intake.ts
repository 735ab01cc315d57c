import { queueName, relayStandardQueue, relayStationsQueue, relayTwilioQueue } from '@wbor/contracts';
import type { ServiceContext } from '@wbor/service';
import { createStationClock } from '@wbor/station-clock';
import type { RelayParts } from '../relay-parts.ts';
import { createEpisodes } from './episodes.ts';
import { createImageFetcher } from './images/fetch-image.ts';
import { createImageMemory } from './images/image-memory.ts';
import { authorizeTwilioMedia } from './images/twilio-media.ts';
import { createIntake } from './intake.ts';
import { createPreparer } from './prepare.ts';
import { createStatusHandler } from './stations/handle-status.ts';
import { createStationMemory } from './stations/station-memory.ts';

/**
 * Messages that are prepared at once: many, or those of one source that wait for slow images would keep all others
 * out; not any number, since a flood of huge ones must fit into memory.
 */
const PREFETCH = 100;
/** A message has a kilobyte as a rule. Of large ones so many are prepared at once as fit. */
const MAX_BYTES_IN_HAND = 8_000_000;
/** A message leaves intake within seconds, and is given back only when a relay or its connection dies. */
const MAX_DELIVERIES = 20;

/** Wires stage 1 and starts it. */
export async function startIntake(
  options: RelayParts,
  { logger, onStop }: ServiceContext,
): Promise<{ stop(): Promise<void> }> {
  const { audit, botId, broker, config, groupme, metrics, namespace } = options;
  const memory = createImageMemory(config.IMAGE_MEMORY_BUDGET_MB * 1024 * 1024);
  metrics.watchImageMemory(() => memory);
  const fetcher = createImageFetcher({
    allowHosts: config.IMAGE_ALLOW_HOSTS,
    memory,
    authorize: twilioCredentials(config),
    onConverted: (pixels) => metrics.imagePixels.inc(pixels),
  });
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
  const episodes = createEpisodes(config.FOLD_SECONDS * 1000);
  const clock = createStationClock(config.STATION_TIME_ZONE);
  const handleStatus = createStatusHandler({
    ...options,
    preparer,
    memory: createStationMemory({ broker, queue: queueName(relayStationsQueue, namespace), logger }),
    songs: config.AZURACAST_SONGS,
    logger,
  });
  const smsSeconds = config.SMS_DEADLINE_SECONDS;
  const intake = createIntake({
    ...options,
    preparer,
    episodes,
    handleStatus,
    smsPatienceMs: smsSeconds === undefined ? undefined : smsSeconds * 1000,
    clock,
    logger,
  });
  // A channel each: two relays may share the work, one queue each.
  const consumers = await Promise.all(
    [relayTwilioQueue, relayStandardQueue].map((definition) =>
      broker.consume({
        queues: [{ queue: queueName(definition, namespace), prefetch: PREFETCH }],
        limits: {
          parkedQueue: options.parker.queue,
          maxBytesInHand: MAX_BYTES_IN_HAND,
          maxDeliveries: MAX_DELIVERIES,
          onParked: (delivery, { error, reason }) => intake.onParked(delivery.queue, delivery, reason, error),
        },
        onDelivery: (delivery) => intake.onDelivery(delivery.queue, delivery),
      }),
    ),
  );
  return {
    async stop() {
      const stopped = consumers.map((consumer) => consumer.stop());
      // What is kept back goes out now.
      episodes.release();
      await Promise.all(stopped);
    },
  };
}

function twilioCredentials({
  TWILIO_ACCOUNT_SID: sid,
  TWILIO_AUTH_TOKEN: token,
}: RelayParts['config']): ((url: URL) => string | undefined) | undefined {
  if (sid === undefined || token === undefined) return undefined;
  return authorizeTwilioMedia({ sid, authToken: token.reveal() });
}
