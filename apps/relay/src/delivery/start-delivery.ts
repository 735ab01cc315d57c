import type { Consumer } from '@wbor/amqp';
import { echoEvent, queueName, RELAY_DELIVERY_LOCK, relayJournalQueue } from '@wbor/contracts';
import type { ServiceContext } from '@wbor/service';
import { maxRatePerSecond } from '../config.ts';
import type { RelayParts } from '../relay-parts.ts';
import { type Clock, systemClock } from './clock.ts';
import { startDeliveryLoop } from './deliver.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createPartPoster, type PartPoster } from './post-part.ts';
import { startDisplayWatch } from './reconcile/display-watch.ts';
import { createJournal, type Journal, parseEcho } from './reconcile/journal.ts';
import { createLedger, type Ledger } from './reconcile/ledger.ts';
import { createChatObserver } from './reconcile/observe-chat.ts';
import { createResume } from './reconcile/resume.ts';
import { createResultRecorder } from './record-result.ts';
import { createStepRunner } from './run-step.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/**
 * How many normal messages are in hand at once: so far the delivery sees ahead, and so many messages of one source may
 * wait before those of another are behind them. No more than that, since each loss of the channel counts towards the
 * delivery limit of all of them. A planned message has a kilobyte as a rule and 60 at most.
 */
const WINDOW = 500;
/** Several times what intake makes of the longest text, so that a window of forged ones fits into memory as well. */
const MAX_PLANNED_BYTES = 262_144;
/** Urgent ones keep their order, so that only the next must be at hand. */
const URGENT_WINDOW = 10;

/** How long an unreadable group may hold up a doubtful post, as a share of a hold: a minute of ten. */
const READ_BACK_SHARE = 0.1;

/** Wires stage 2 and starts it. */
export async function startDelivery(
  options: RelayParts,
  context: ServiceContext,
): Promise<{ stop(): Promise<void> }> {
  const { bans, broker, config, metrics, namespace, outbox } = options;
  const { health, logger } = context;
  const clock = systemClock;
  const inbox = createInbox(clock);
  const ledger = createLedger();
  const throttle = createThrottle({
    ratePerSecond: config.GROUPME_RATE_PER_SECOND,
    maxRatePerSecond: maxRatePerSecond(config),
    now: clock.now,
  });
  metrics.watchPace(() => throttle.ratePerSecond);
  metrics.watchHeld(() => inbox);
  health.addCheck('groupme', () => throttle.outage);
  const journal = await startReconciling(options, context, inbox, ledger);
  const renewHoldMs = config.HOLD_RENEW_SECONDS * 1000;
  let consumer: Consumer | undefined;
  const deliverer = startDeliveryLoop({
    outbox,
    inbox,
    resume: createResume({ journal, ledger, logger }),
    ledger,
    throttle,
    bans,
    runner: createStepRunner({
      ...options,
      inbox,
      poster: wirePoster(options, context, { clock, journal, ledger, throttle }),
      ledger,
      clock,
      logger,
      renewHoldMs,
      renewHold: async () => consumer?.renew(),
    }),
    parker: options.parker,
    clock,
    logger,
    renewHoldMs,
  });
  consumer = await broker.consume({
    queues: [
      { queue: outbox.queues.urgent, prefetch: URGENT_WINDOW },
      { queue: outbox.queues.normal, prefetch: WINDOW },
    ],
    lock: `${namespace.queuePrefix}${RELAY_DELIVERY_LOCK}`,
    // No limit of returns but the queues' own: holds are renewed for as long as GroupMe is away.
    limits: {
      maxMessageBytes: MAX_PLANNED_BYTES,
      parkedQueue: options.parker.queue,
      // None of our own notices is that large, or has such headers.
      onParked: ({ queue }, { reason }) => options.parker.onParked({ queue, reason }),
    },
    onDelivery: deliverer.onDelivery,
  });
  let stopped: Promise<void> | undefined;
  return {
    stop() {
      deliverer.stop();
      stopped ??= consumer.stop();
      return stopped;
    },
  };
}

/** What is known of our posts, and what the chat shows of them. */
async function startReconciling(
  { audit, botId, broker, config, metrics, namespace }: RelayParts,
  { logger, onStop }: ServiceContext,
  inbox: Inbox,
  ledger: Ledger,
): Promise<Journal> {
  if (config.EVIDENCE_ECHO) {
    const listener = await broker.listen({
      pattern: echoEvent.key,
      onMessage(content) {
        const post = parseEcho(content);
        if (!post) return;
        const shown = ledger.observe(post, 'echo');
        if (shown !== undefined) metrics.partShown(shown);
        inbox.wake();
      },
    });
    onStop('echoes', () => listener.stop());
  }
  const timeoutMs = config.DISPLAY_TIMEOUT_SECONDS * 1000;
  const displayWatch = startDisplayWatch({ ledger, botId, timeoutMs, audit, metrics, logger });
  onStop('display watch', () => displayWatch.stop());
  const queue = queueName(relayJournalQueue, namespace);
  return createJournal({ broker, queue, ledger, echo: config.EVIDENCE_ECHO, logger });
}

function wirePoster(
  { audit, botId, config, groupme, metrics, progress }: RelayParts,
  { logger }: ServiceContext,
  parts: { clock: Clock; journal: Journal; ledger: Ledger; throttle: Throttle },
): PartPoster {
  const readBack = config.EVIDENCE_READ_BACK && config.GROUPME_ACCESS_TOKEN !== undefined;
  return createPartPoster({
    ...parts,
    groupme,
    observer: createChatObserver({
      ledger: parts.ledger,
      groupme,
      echo: config.EVIDENCE_ECHO,
      groupId: readBack ? config.GROUPME_GROUP_ID : undefined,
      logger,
      giveUpMs: config.HOLD_RENEW_SECONDS * 1000 * READ_BACK_SHARE,
    }),
    recorder: createResultRecorder({ botId, audit, metrics, logger }),
    progress,
    metrics,
    logger,
  });
}
