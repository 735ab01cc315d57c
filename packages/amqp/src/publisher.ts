import { errorMessage } from '@wbor/async';
import type { Topology } from '@wbor/contracts';
import type { ConfirmChannel } from 'amqplib';
import {
  type ConfirmingChannel,
  type ConfirmOptions,
  confirmingChannel,
  disconnected,
} from './confirming-channel.ts';
import type { Connection } from './connection.ts';
import { type HealingChannel, openHealingChannel } from './healing-channel.ts';
import type { OutgoingBytes, OutgoingMessage } from './outgoing.ts';
import { createRefusals } from './refusals.ts';
import { declareTopology } from './topology.ts';
import type { Logger } from './types.ts';

export interface Publisher {
  readonly open: boolean;
  /** Why nothing that is published gets through, once that is so. */
  readonly failing: string | undefined;
  readonly firstReady: Promise<void>;
  publish(message: OutgoingMessage | OutgoingBytes): Promise<void>;
  /** Waits for what is in flight, at most `timeoutMs`, then closes. */
  close(timeoutMs: number): Promise<void>;
}

/** Publishes with confirms on a channel of its own. */
export function createPublisher(
  options: ConfirmOptions & {
    readonly connection: Connection;
    readonly topology: Topology;
    readonly logger: Logger;
    /** How often the broker is asked, while nothing is published, whether it would take it. Default: never. */
    readonly probeEveryMs?: number;
  },
): Publisher {
  let current: ConfirmingChannel | undefined;
  let closing = false;
  const probes = createProbes(options.topology.own?.name ?? '', () => {
    const isIdle = current?.inFlight === 0 && !closing && options.blockedReason() === undefined;
    return isIdle ? current?.channel : undefined;
  });
  const probing =
    options.probeEveryMs === undefined ? undefined : setInterval(probes.probe, options.probeEveryMs);
  probing?.unref();

  const refusals = createRefusals(`${options.appId} publisher`, options.logger);
  const healing: HealingChannel = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} publisher`,
    logger: options.logger,
    async setup(channel, lose) {
      await declareTopology(channel, options.topology);
      probes.watch(channel);
      current = confirmingChannel(channel, options, refusals.watch(lose));
    },
    onLost(channel) {
      if (current?.channel !== channel) return;
      current.lose();
      current = undefined;
    },
  });

  return {
    get open() {
      return current !== undefined && !closing;
    },
    get failing() {
      return refusals.reason;
    },
    firstReady: healing.firstReady,
    async publish(message) {
      if (closing || current === undefined) throw disconnected();
      await current.publish(message);
    },
    async close(timeoutMs) {
      closing = true;
      clearInterval(probing);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        current?.settled(),
        new Promise((resolve) => {
          timer = setTimeout(resolve, timeoutMs);
        }),
      ]);
      clearTimeout(timer);
      await healing.close();
    },
  };
}

/** No queue has this name: what is published there goes nowhere. */
const NOBODY = 'wbor.nobody';

/**
 * Publishes nothing, to nobody: a broker that is short of memory or disk says so to those only who publish. Without the right
 * to write to this exchange there are no probes.
 */
function createProbes(exchange: string, channelToAsk: () => ConfirmChannel | undefined) {
  let isRefused = false;
  return {
    watch(channel: ConfirmChannel): void {
      channel.on('error', (error) => {
        const message = errorMessage(error);
        if (message.includes('ACCESS_REFUSED') && message.includes(`'${exchange || 'amq.default'}'`)) {
          isRefused = true;
        }
      });
    },
    probe(): void {
      if (isRefused) return;
      try {
        channelToAsk()?.publish(exchange, NOBODY, Buffer.alloc(0), {}, () => {});
      } catch {
        // The channel has just been closed.
      }
    },
  };
}
