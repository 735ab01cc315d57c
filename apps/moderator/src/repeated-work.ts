import type { Broker } from '@wbor/amqp';
import { endsWithin, errorMessage } from '@wbor/async';
import { banListMessage } from '@wbor/contracts';
import type { Database, OutageState } from '@wbor/database';
import type { Logger } from '@wbor/service';
import type { Kysely } from 'kysely';
import { readBanList } from './bans/ban-list.ts';
import { sweepExpiredBans } from './bans/lift-expired.ts';
import { createListGuard, type ListGuard } from './bans/list-guard.ts';
import type { RelayStates } from './bans/relay-states.ts';
import type { ModeratorMetrics } from './metrics.ts';
import { type Repeated, repeat } from './repeat.ts';
import { publishOutbox, purgeBefore } from './replies/outbox.ts';
import { setStationClock } from './set-station-clock.ts';

/** What was committed is published at once; this finds what a crash or another moderator left. */
const OUTBOX_SWEEP_MS = 2_000;
const EXPIRY_SWEEP_MS = 3_000;
const BAN_LIST_MS = 60_000;
const PURGE_SWEEP_MS = 3_600_000;
const KEEP_MS = 30 * 86_400_000;
/**
 * A hung Postgres holds up this and the close of the database. Both, with the consumer's 5 s, must take less than the
 * 9 s of a stop.
 */
const STOP_TIMEOUT_MS = 1_500;

export interface RepeatedWorkOptions {
  readonly broker: Broker;
  readonly db: Kysely<Database>;
  readonly outage: OutageState;
  readonly states: RelayStates;
  /** Where days are cut. */
  readonly timeZone: string;
  /** Whether the chat hears that a ban has run out. */
  readonly announceExpired: boolean;
  readonly metrics: ModeratorMetrics;
  readonly logger: Logger;
}

/** What the moderator does by the clock, beside the commands. */
export interface RepeatedWork {
  /** Publishes now what was committed. */
  publishOutbox(): void;
  /** Publishes the ban list now. */
  publishBanList(): void;
  /** What hears the ban lists of others, and what relays tell. */
  readonly guard: Pick<ListGuard, 'hearList' | 'hearState'>;
  /** No more runs begin; resolves when those under way have ended, or take too long. */
  stop(): Promise<void>;
}

/** Starts to publish the outbox and the ban list, to lift bans that have run out, and to purge old rows. */
export function startRepeatedWork(options: RepeatedWorkOptions): RepeatedWork {
  const { broker, db, logger, metrics, outage } = options;
  const repeats: Repeated[] = [];

  /** Work on Postgres that the clock tries again, so a failure is noted and no more. */
  function repeatOnDatabase(everyMs: number, work: () => Promise<void>): Repeated {
    const repeated = repeat(everyMs, async () => {
      try {
        await work();
        outage.worked();
      } catch (error) {
        outage.failed(error);
      }
    });
    repeats.push(repeated);
    return repeated;
  }

  const outbox = repeatOnDatabase(OUTBOX_SWEEP_MS, async () => {
    metrics.waiting.set(await publishOutbox(db, broker, logger));
  });
  const banList = repeatOnDatabase(BAN_LIST_MS, async () => {
    const list = await readBanList(db, new Date());
    // A hint that is repeated anyway: not worth a row of the outbox.
    await broker.publish(banListMessage, list, { mandatory: false }).then(
      () => metrics.banListVersion.set(list.version),
      (error: unknown) => logger.warn({ reason: errorMessage(error) }, 'the ban list was not published'),
    );
  });
  const guard = createListGuard({
    db,
    states: options.states,
    metrics,
    logger,
    onSuspicion: () => check.now(),
  });
  const check = repeatOnDatabase(BAN_LIST_MS, async () => {
    if (await guard.check()) banList.now();
    outbox.now();
  });
  repeatOnDatabase(PURGE_SWEEP_MS, () => setStationClock(db, options.timeZone, logger)).now();
  repeatOnDatabase(EXPIRY_SWEEP_MS, async () => {
    const lifted = await sweepExpiredBans(db, { announce: options.announceExpired, now: new Date() });
    if (lifted === 0) return;
    logger.info({ bans: lifted }, 'bans have run out');
    outbox.now();
  });
  repeatOnDatabase(PURGE_SWEEP_MS, () => purgeBefore(db, new Date(Date.now() - KEEP_MS)));

  return {
    publishOutbox: outbox.now,
    publishBanList: banList.now,
    guard,
    async stop() {
      // Together, since a hung Postgres holds each of them up.
      await endsWithin(Promise.all(repeats.map((repeated) => repeated.stop())), STOP_TIMEOUT_MS);
    },
  };
}
