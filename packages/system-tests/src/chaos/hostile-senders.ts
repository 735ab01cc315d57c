import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { callbackUrl, PASSWORD } from '@wbor/start-system';
import { drawInput } from '../fuzz/inputs/inputs.ts';
import { createSenders } from '../fuzz/senders.ts';
import type { ChaosSystem } from './system.ts';

export interface HostileSenders {
  /** How many inputs were sent. What became of each is not asked here: `npm run fuzz` does that. */
  readonly sent: () => number;
  /** Hexadecimal SHA-256 of every body: of one that is too large no more may be kept than that and its beginning. */
  readonly digests: ReadonlySet<string>;
  stop(): Promise<void>;
}

const PAUSE_MS = 300;
/** What the chat is told of these is words of the relay's own: nobody could tell by whom they came. `npm run fuzz` sends them. */
const IN_OTHER_WORDS = /^(?:azuracast|endec|failsafe|ups)/;

/** Sends what the fuzz run sends, one after another, for as long as it is let. What the system refuses is of no interest. */
export function startHostileSenders(system: ChaosSystem, seed: number): HostileSenders {
  const { broker, gatewayUrl, namespace, simulator } = system;
  const senders = createSenders({ broker, gatewayUrl, simulator, exchange: namespace.exchange });
  const routes = {
    host: new URL(gatewayUrl).host,
    password: PASSWORD,
    callback: new URL(callbackUrl(gatewayUrl)).pathname,
    groupId: simulator.groupId,
    documented: ['/callback/{secret}', '/send'],
  };
  const noMore = new AbortController();
  const digests = new Set<string>();
  let sent = 0;

  async function run(): Promise<void> {
    while (!noMore.signal.aborted) {
      const input = drawInput(seed, sent, routes);
      if (input.kind === 'amqp') digests.add(createHash('sha256').update(input.content).digest('hex'));
      // The broker or the gateway may be away.
      if (!IN_OTHER_WORDS.test(input.what)) await senders.send(input).catch(() => undefined);
      sent += 1;
      await delay(PAUSE_MS, undefined, { signal: noMore.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    sent: () => sent,
    digests,
    async stop() {
      noMore.abort();
      await running;
      await senders.close();
    },
  };
}
