import { randomUUID } from 'node:crypto';
import type { Broker } from '@wbor/amqp';
import { sleep } from '@wbor/async';
import { banListMessage, banListRequest, readMessage } from '@wbor/contracts';
import type { SenderNormaliser } from '@wbor/phone';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../metrics.ts';
import { type BanReplica, createBanReplica } from './ban-replica.ts';
import { createCertainty } from './certainty.ts';
import { createStateTeller } from './tell-state.ts';

/** Whom the moderator has banned, as far as its lists have reached us. */
export interface Bans {
  /**
   * Whether the newest ban list is known. It is not after the start and after a reconnection, until a list comes or has
   * been waited for long enough: a few seconds while the broker is there.
   */
  readonly certain: boolean;
  /** Resolves once it is certain or `signal` is aborted. */
  untilCertain(signal: AbortSignal): Promise<void>;
  /**
   * Whether nothing of this sender may be posted, as soon as that is certain or `ended` is aborted. A message without a
   * sender is never banned and does not wait.
   */
  isBanned(sender: string | undefined, ended: AbortSignal): Promise<boolean>;
  /** Whether nothing of this sender may be posted, by what is known now. */
  isBannedNow(sender: string | undefined): boolean;
  /** Says what is wrong with the bans, in words for a person. */
  readonly notice: string | undefined;
  stop(): Promise<void>;
}

/** How long a moderator is given to answer. Without one, SMS wait this long after each start. */
const ANSWER_TIMEOUT_MS = 2_000;
const ASK_AGAIN_MS = 500;
/** How long to wait for the subscription. A connection is back long before; some broker may give us all but the lists. */
const RECONNECT_TIMEOUT_MS = 30_000;

/** Listens to the moderator and asks it for the list whenever something may have been missed. */
export async function startBans(options: {
  broker: Pick<Broker, 'listen' | 'publish' | 'publishUntilConfirmed'>;
  staleAfterMs: number;
  normaliseSender: SenderNormaliser;
  metrics: RelayMetrics;
  logger: Logger;
}): Promise<Bans> {
  const { broker, logger } = options;
  const replica = createBanReplica(options);
  const certainty = createCertainty({ timeoutMs: RECONNECT_TIMEOUT_MS });
  const teller = createStateTeller({ broker, relay: randomUUID(), logger });
  watchReplica(replica, options);

  function receive(content: Buffer): void {
    const reading = readMessage(banListMessage, { content });
    if (!reading.ok) {
      logger.error({ error: reading.fault.message }, 'ignored an invalid ban list');
      teller.tell({ version: replica.version ?? null, refused: { version: null, reason: 'invalid' } });
      return;
    }
    const list = reading.value;
    const before = replica.version;
    const outcome = replica.apply(list, Date.now());
    teller.tell({
      version: replica.version ?? null,
      refused: outcome === 'taken' ? null : { version: list.version, reason: outcome },
    });
    if (outcome === 'ahead') {
      logger.error({ version: list.version, known_version: before }, 'refused a ban list from the future');
      return;
    }
    if (outcome === 'old') {
      logger.warn({ version: list.version, known_version: before }, 'ignored an old ban list');
      return;
    }
    if (list.version !== before) {
      logger.info({ version: list.version, bans: list.bans.length }, 'took a new ban list');
    }
    certainty.regain();
  }

  const listener = await broker.listen({
    pattern: banListMessage.key,
    onMessage: receive,
    onSubscribed: () => void askForList(broker, certainty.lose(ANSWER_TIMEOUT_MS), logger),
    onInterrupted: () => void certainty.lose(RECONNECT_TIMEOUT_MS),
  });

  return {
    get certain() {
      return certainty.certain;
    },
    untilCertain: certainty.untilCertain,
    async isBanned(sender, ended) {
      if (sender !== undefined) await certainty.untilCertain(ended);
      return replica.isBanned(sender, Date.now());
    },
    isBannedNow: (sender) => replica.isBanned(sender, Date.now()),
    get notice() {
      return replica.notice(Date.now());
    },
    async stop() {
      await listener.stop();
      teller.stop();
      certainty.regain();
    },
  };
}

/** Asks the moderator again and again until `answered`: one that lost the same broker may not listen yet. */
async function askForList(
  broker: Pick<Broker, 'publishUntilConfirmed'>,
  answered: AbortSignal,
  logger: Logger,
): Promise<void> {
  try {
    while (!answered.aborted) {
      await broker.publishUntilConfirmed(banListRequest, {}, { mandatory: false }, answered);
      await sleep(ASK_AGAIN_MS, answered);
    }
  } catch (error) {
    if (!answered.aborted) logger.warn({ err: error }, 'could not ask the moderator for the ban list');
  }
}

function watchReplica(
  replica: BanReplica,
  { metrics, staleAfterMs }: { metrics: RelayMetrics; staleAfterMs: number },
): void {
  metrics.watchBans(() => {
    const nowMs = Date.now();
    const ageMs = replica.ageMs(nowMs);
    const ageSeconds = ageMs === undefined ? Number.POSITIVE_INFINITY : ageMs / 1000;
    return {
      ageSeconds,
      isStale: ageSeconds * 1000 > staleAfterMs,
      version: replica.version ?? 0,
      count: replica.count(nowMs),
    };
  });
}
