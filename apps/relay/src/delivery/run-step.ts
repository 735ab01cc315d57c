import type { RelayMetrics } from '../metrics.ts';
import type { Bans } from '../moderation/bans.ts';
import type { NotPosted } from '../notify/not-posted.ts';
import { type ProducerNotifier, replyTargetOf } from '../notify/producer.ts';
import type { Parker } from '../park.ts';
import type { Clock } from './clock.ts';
import type { HeldMessage, Inbox } from './inbox.ts';
import type { Step } from './next-step.ts';
import type { PartPoster } from './post-part.ts';
import type { Ledger } from './reconcile/ledger.ts';

/** Carries out what `nextStep` has decided: all I/O of a message's delivery. */
export interface StepRunner {
  /** @param lost aborted when the message is ours no longer, or when we stop. */
  run(step: Step, message: HeldMessage, lost: AbortSignal): Promise<void>;
}

export interface StepRunnerOptions {
  readonly inbox: Inbox;
  readonly poster: PartPoster;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly bans: Pick<Bans, 'untilCertain'>;
  readonly notPosted: Pick<NotPosted, 'blocked' | 'expired'>;
  readonly producer: ProducerNotifier;
  readonly parker: Parker;
  readonly metrics: Pick<RelayMetrics, 'posts'>;
  readonly clock: Clock;
  readonly renewHoldMs: number;
  /** Gives all messages in hand back to the broker, which delivers them again, in order, on a new channel. */
  readonly renewHold: () => Promise<void>;
}

export function createStepRunner(options: StepRunnerOptions): StepRunner {
  const { inbox, notPosted, poster } = options;

  /** The message is through: posted, or ended without a call. */
  function settle(message: HeldMessage, tookTurn: boolean): void {
    message.delivery.ack();
    inbox.release(message, { tookTurn });
  }

  async function post(message: HeldMessage, part: number, lost: AbortSignal): Promise<void> {
    const outcome = await poster.post(message, part, lost);
    // Another relay has it.
    if (outcome === undefined) return inbox.release(message);
    message.tried = true;
    if (outcome === 'delivered') message.done = part;
  }

  return {
    async run(step, message, lost) {
      const part = (message.done ?? 0) + 1;
      switch (step.do) {
        case 'abandon':
          // Left unsettled: with its channel gone, the broker gives it to whoever is next.
          return inbox.release(message);
        case 'finish':
          countRepeat(message, options);
          options.producer.succeeded(replyTargetOf(message.planned));
          return settle(message, true);
        case 'renew':
          // An emergency that is merely renewed must not be passed by the next one.
          if (message.begun || message.lane === 'urgent') inbox.expect(message.planId);
          return options.renewHold();
        case 'park':
          await parkRest(message, options);
          return inbox.release(message, { tookTurn: true });
        case 'expire':
          await notPosted.expired(message.planned, message.planId);
          return settle(message, false);
        case 'block':
          await notPosted.blocked(message.planned);
          return settle(message, false);
        case 'await-bans':
          await Promise.race([
            options.bans.untilCertain(lost),
            wait(message, Number.POSITIVE_INFINITY, options),
          ]);
          return;
        case 'reconcile':
          if ((await poster.reconcile(message, part, lost)) === 'observed') message.done = part;
          return;
        case 'wait':
          return wait(message, step.forMs, options);
        case 'conclude':
          if (await poster.conclude(message, part)) message.done = part;
          return;
        case 'post':
          return post(message, step.part, lost);
      }
    },
  };
}

/** A producer's second copy of what is in the chat; a message that is delivered again is none. */
function countRepeat({ delivery, tried }: HeldMessage, { metrics }: StepRunnerOptions): void {
  if (!tried && !delivery.redelivered) metrics.posts.inc({ outcome: 'repeated' });
}

/** Waits for so long, or until anything changes that the next step may depend on. */
async function wait(message: HeldMessage, forMs: number, options: StepRunnerOptions): Promise<void> {
  const { clock, inbox } = options;
  const nowMs = clock.now();
  const holdEndsAtMs = (inbox.heldSinceMs ?? nowMs) + options.renewHoldMs;
  const { deliver_by: deadlineMs } = message.planned;
  // A message that is begun has no deadline any more.
  const lateAtMs =
    message.begun || deadlineMs === undefined
      ? Number.POSITIVE_INFINITY
      : nowMs + deadlineMs - clock.epochMs();
  await inbox.changed(Math.min(nowMs + forMs, holdEndsAtMs, lateAtMs));
}

/** A hole in the middle helps nobody: what is left of the message is parked as one, to be replayed as one. */
async function parkRest(message: HeldMessage, options: StepRunnerOptions): Promise<void> {
  const { delivery, planId, planned } = message;
  const done = message.done ?? 0;
  const { code = 0, error = 'GroupMe rejected it' } = options.ledger.find(planId, done + 1)?.answer ?? {};
  // Whoever replays it wants it posted, whenever that is.
  const { deliver_by: _late, ...rest } = planned;
  await options.parker.park(delivery, {
    queue: delivery.queue,
    reason: 'rejected',
    error: `part ${done + 1} of ${planned.parts.length}: ${error}`,
    replacement: { ...rest, parts: planned.parts.slice(done) },
    wborMessageId: planned.wbor_message_id,
  });
  options.producer.failed(replyTargetOf(planned), code, error);
}
