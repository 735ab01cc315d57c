import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../metrics.ts';
import type { Bans } from '../moderation/bans.ts';
import type { NotPosted } from '../notify/not-posted.ts';
import { NOTICE_SOURCE } from '../notify/parked-notice.ts';
import { type ProducerNotifier, replyTargetOf } from '../notify/producer.ts';
import type { Parker, ParkReason } from '../park.ts';
import type { Clock } from './clock.ts';
import type { HeldMessage, Inbox } from './inbox.ts';
import type { Step } from './next-step.ts';
import type { PartPoster } from './post-part.ts';
import type { Ledger } from './reconcile/ledger.ts';

/** Carries out what `nextStep` has decided: all I/O of a message's delivery. */
export interface StepRunner {
  /** @param lost aborted when the message is ours no longer, or when we stop. */
  run(step: Step, message: HeldMessage, lost: AbortSignal): Promise<void>;
  /** Parks what is left of a message whose steps fail for a reason of ours. */
  giveUp(message: HeldMessage, error: string): Promise<void>;
}

export interface StepRunnerOptions {
  readonly inbox: Inbox;
  readonly poster: PartPoster;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly bans: Pick<Bans, 'untilCertain'>;
  readonly notPosted: Pick<NotPosted, 'blocked' | 'expired'>;
  readonly producer: ProducerNotifier;
  readonly parker: Pick<Parker, 'park'>;
  readonly metrics: Pick<RelayMetrics, 'posts'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info'>;
  readonly renewHoldMs: number;
  /** Gives all messages in hand back to the broker, which delivers them again, in order, on a new channel. */
  readonly renewHold: () => Promise<void>;
}

/** For the broker to confirm that a producer was told. */
const TELL_TIMEOUT_MS = 1_000;
/** Until a producer that could not be told is told again. Others have turns meanwhile. */
const TELL_PAUSE_MS = 250;

export function createStepRunner(options: StepRunnerOptions): StepRunner {
  const { inbox, notPosted, poster } = options;

  /** The message is through. It is acknowledged once the result of its last call is stored; the next has its turn meanwhile. */
  function finish(message: HeldMessage): void {
    countRepeat(message, options);
    const settled = Promise.resolve(poster.recording).then(() => {
      // Whoever is given it next finds that it is complete.
      if (message.delivery.signal.aborted) return;
      options.producer.succeeded(replyTargetOf(message.planned));
      message.delivery.ack();
    });
    inbox.release(message, { tookTurn: true, settled });
  }

  async function post(message: HeldMessage, part: number, lost: AbortSignal): Promise<void> {
    if (isToBeTold(message)) return tellProducer(message, lost, options);
    const outcome = await poster.post(message, part, lost, millisecondsLeft(message, options));
    if (outcome === 'not-announced') return;
    message.tried = true;
    if (outcome === 'delivered') message.done = part;
  }

  async function park(message: HeldMessage, reason: ParkReason, why: Answer): Promise<void> {
    await parkRest(message, reason, why, options);
    inbox.release(message, { tookTurn: true });
  }

  /** A relay that was frozen may believe that a message is its own still. */
  async function endUnposted(message: HeldMessage, record: () => Promise<void>): Promise<void> {
    if (!(await message.delivery.isHeld())) return inbox.release(message);
    await record();
    message.delivery.ack();
    inbox.release(message, { tookTurn: false });
  }

  return {
    async run(step, message, lost) {
      const part = (message.done ?? 0) + 1;
      switch (step.do) {
        case 'abandon':
          // Left unsettled: with its channel gone, the broker gives it to whoever is next.
          return inbox.release(message);
        case 'finish':
          return finish(message);
        case 'renew':
          // An emergency that is merely renewed must not be passed by the next one.
          if (message.begun || message.lane === 'urgent') inbox.expect(message.planId);
          options.logger.info(
            { held: inbox.size },
            'gave back what was held for long, to get it again in its order',
          );
          return options.renewHold();
        case 'park':
          return park(message, 'rejected', answerOf(message, options));
        case 'expire':
          return endUnposted(message, () => notPosted.expired(message.planned, message.planId));
        case 'block':
          return endUnposted(message, () => notPosted.blocked(message.planned));
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
    giveUp: (message, error) => park(message, 'fault', { code: 0, error }),
  };
}

/**
 * Whether a producer must hear first that its message is about to be posted, so that it does not post by itself. While it
 * waits until a deadline, nothing is posted of which it does not know.
 */
function isToBeTold({ begun, planned, told }: HeldMessage): boolean {
  return planned.interim_reply === true && !begun && !told;
}

/** Tells it. That takes time, in which anything may have happened: what is next is decided anew. */
async function tellProducer(
  message: HeldMessage,
  lost: AbortSignal,
  { clock, inbox, producer }: StepRunnerOptions,
): Promise<void> {
  const { planned } = message;
  const giveUp = AbortSignal.any([lost, AbortSignal.timeout(TELL_TIMEOUT_MS)]);
  const isTold = await producer.posting(replyTargetOf(planned), giveUp);
  // A producer that waits for ever does not post by itself.
  message.told = isTold || planned.deliver_by === undefined;
  if (message.told) return;
  message.notBeforeMs = clock.now() + TELL_PAUSE_MS;
  inbox.passTurn(message);
}

/** A producer's second copy of what is in the chat; a message that is delivered again is none. */
function countRepeat({ delivery, tried }: HeldMessage, { metrics }: StepRunnerOptions): void {
  if (!tried && !delivery.redelivered) metrics.posts.inc({ outcome: 'repeated' });
}

/** Waits for so long, or until anything changes that the next step may depend on. */
async function wait(message: HeldMessage, forMs: number, options: StepRunnerOptions): Promise<void> {
  await options.inbox.changed(options.clock.now() + Math.min(forMs, millisecondsLeft(message, options)));
}

/** Until the hold ends, or the deadline of a message that is not begun. */
function millisecondsLeft(message: HeldMessage, { clock, inbox, renewHoldMs }: StepRunnerOptions): number {
  const holdMs = (inbox.oldestHeldSinceMs ?? clock.now()) + renewHoldMs - clock.now();
  const { deliver_by: deadlineMs } = message.planned;
  return message.begun || deadlineMs === undefined ? holdMs : Math.min(holdMs, deadlineMs - clock.epochMs());
}

/** Why a message is parked, as its producer is told. */
interface Answer {
  readonly code: number;
  readonly error: string;
}

function answerOf({ done = 0, planId }: HeldMessage, { ledger }: StepRunnerOptions): Answer {
  const { code = 0, error = 'GroupMe rejected it' } = ledger.find(planId, done + 1)?.answer ?? {};
  return { code, error };
}

/** A hole in the middle helps nobody: what is left of the message is parked as one, to be replayed as one. */
async function parkRest(
  { delivery, done = 0, lane, planned }: HeldMessage,
  reason: ParkReason,
  { code, error }: Answer,
  options: StepRunnerOptions,
): Promise<void> {
  // Whoever replays it wants it posted, whenever that is.
  const { deliver_by: _late, ...rest } = planned;
  await options.parker.park(delivery, {
    queue: delivery.queue,
    reason,
    error: `part ${done + 1} of ${planned.parts.length}: ${error}`,
    replacement: { ...rest, parts: planned.parts.slice(done) },
    wborMessageId: planned.wbor_message_id,
    source: planned.source,
    isNotice: lane === 'low' && planned.source === NOTICE_SOURCE,
  });
  options.producer.failed(replyTargetOf(planned), code, error);
}
