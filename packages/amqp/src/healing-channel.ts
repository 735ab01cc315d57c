import { setTimeout as delay } from 'node:timers/promises';
import { backOff, errorMessage } from '@wbor/async';
import type { ChannelWrapper } from 'amqp-connection-manager';
import type { Channel, ConfirmChannel } from 'amqplib';
import type { Connection } from './connection.ts';
import { isLocked } from './lock.ts';
import type { Logger } from './types.ts';

export interface HealingChannel {
  /** Resolves once a set-up has succeeded for the first time. */
  readonly firstReady: Promise<void>;
  /** Whether a lock of somebody else keeps it out. */
  readonly locked: boolean;
  /** Closes the channel and replaces it without a pause; resolves when that has succeeded or failed. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

const SETUP_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 1_000;
const rebuildBackOffMs = backOff({ minMs: 500, maxMs: 30_000 });

/** A channel that has lived so long is replaced at once when it dies. */
const STABLE_AFTER_MS = 30_000;

/** How soon a set-up that another connection's lock keeps out is tried again. A takeover waits for it. */
const LOCKED_RETRY_MS = 400;

/**
 * A channel that is set up again whenever it is lost, also when only the channel died.
 *
 * The connection manager rebuilds channels after a lost connection only. With no 'error' listener a channel
 * error costs the whole connection; with one, the channel stays dead for ever. So: listen, and replace the
 * wrapper, with back-off. A set-up that throws or never ends counts as a lost channel; the manager would
 * report it as connected without topology.
 */
export function openHealingChannel(options: {
  connection: Connection;
  name: string;
  logger: Logger;
  /** Everything the channel needs, consuming included: only here is it certain which channel one holds. */
  setup: (channel: ConfirmChannel, lose: (reason: string) => void) => Promise<void>;
  onLost: (channel: Channel) => void;
}): HealingChannel {
  const { connection, logger, name } = options;
  const ready = Promise.withResolvers<void>();
  // Nobody may be waiting for it.
  ready.promise.catch(() => {});
  let wrapper: ChannelWrapper | undefined;
  let alive: Channel | undefined;
  let settingUp = false;
  let closing = false;
  let locked = false;
  let failures = 0;
  let aliveSinceMs = 0;
  let renewal: PromiseWithResolvers<void> | undefined;
  let rebuildTimer: NodeJS.Timeout | undefined;

  function endRenewal(): void {
    renewal?.resolve();
    renewal = undefined;
  }

  function rebuild(): void {
    clearTimeout(rebuildTimer);
    rebuildTimer = undefined;
    // A lost connection brings its channels back by itself.
    if (closing || alive || settingUp || !connection.connected) {
      endRenewal();
      return;
    }
    void wrapper?.close().catch(() => {});
    open();
  }

  function scheduleRebuild(): void {
    endRenewal();
    if (closing || rebuildTimer) return;
    const delayMs = locked ? LOCKED_RETRY_MS : rebuildBackOffMs(failures);
    if (!locked) failures += 1;
    rebuildTimer = setTimeout(rebuild, delayMs);
  }

  async function setUp(channel: ConfirmChannel): Promise<void> {
    settingUp = true;
    let lost = false;
    const lose = (reason: string): void => {
      logger.warn({ channel: name, reason }, 'closing a channel to rebuild it');
      channel.close().catch(() => {});
    };
    channel.on('error', (error) => {
      // Comes before 'close', which decides by it how soon to try again.
      locked = isLocked(error);
      if (locked) return;
      logger.warn({ channel: name, error: errorMessage(error) }, 'the broker closed a channel');
    });
    channel.on('close', () => {
      lost = true;
      // One that dies as soon as it is set up spends the delivery limit of all that it was handed.
      if (alive === channel && performance.now() - aliveSinceMs >= STABLE_AFTER_MS) failures = 0;
      if (alive === channel) alive = undefined;
      options.onLost(channel);
      // Asked for, so there is nothing to wait out.
      if (renewal) rebuild();
      else scheduleRebuild();
    });
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('setting up took too long')), SETUP_TIMEOUT_MS);
    });
    try {
      await Promise.race([options.setup(channel, lose), expired]);
      if (lost) return;
      alive = channel;
      aliveSinceMs = performance.now();
      locked = false;
      ready.resolve();
    } catch (error) {
      locked = isLocked(error);
      if (!locked) logger.warn({ channel: name, error: errorMessage(error) }, 'could not set up a channel');
      channel.close().catch(() => {});
      scheduleRebuild();
    } finally {
      clearTimeout(timer);
      settingUp = false;
      endRenewal();
    }
  }

  function open(): void {
    wrapper = connection.manager.createChannel({ name, confirm: true, setup: setUp });
    // For example a connection that dies while the channel is being opened.
    wrapper.on('error', (error) => {
      logger.warn({ channel: name, error: errorMessage(error) }, 'could not open a channel');
      scheduleRebuild();
    });
  }

  open();
  return {
    firstReady: ready.promise,
    get locked() {
      return locked;
    },
    async renew() {
      // A channel that is gone has given everything back, and the next one is on its way.
      if (closing || alive === undefined) return;
      renewal ??= Promise.withResolvers();
      const { promise } = renewal;
      alive.close().catch(() => {});
      await promise;
    },
    async close() {
      closing = true;
      clearTimeout(rebuildTimer);
      endRenewal();
      await Promise.race([
        wrapper?.close().catch(() => {}),
        delay(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    },
  };
}
