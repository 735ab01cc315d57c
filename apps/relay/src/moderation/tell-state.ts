import type { Broker } from '@wbor/amqp';
import { errorMessage, sleep } from '@wbor/async';
import { type BanListState, banListState } from '@wbor/contracts';
import type { Logger } from '@wbor/service';

/** Tells the moderator which ban list is enforced. */
export interface StateTeller {
  /** Tells it soon. What is told while one is on its way replaces what waits: a flood of lists makes no flood of these. */
  tell(state: Pick<BanListState, 'version' | 'refused'>): void;
  stop(): void;
}

const PAUSE_MS = 200;

export function createStateTeller(options: {
  readonly broker: Pick<Broker, 'publish'>;
  /** Names this process. */
  readonly relay: string;
  readonly logger: Logger;
}): StateTeller {
  const stopping = new AbortController();
  let waiting: BanListState | undefined;
  let busy = false;

  async function run(): Promise<void> {
    if (busy) return;
    busy = true;
    while (waiting !== undefined && !stopping.signal.aborted) {
      const state = waiting;
      waiting = undefined;
      // A hint: the next list, within a minute, is answered again.
      await options.broker
        .publish(banListState, state, { mandatory: false })
        .catch((error: unknown) =>
          options.logger.debug({ reason: errorMessage(error) }, 'the state of the ban list was not told'),
        );
      await sleep(PAUSE_MS, stopping.signal);
    }
    busy = false;
  }

  return {
    tell({ refused, version }) {
      waiting = { relay: options.relay, version, refused, at: new Date().toISOString() };
      void run();
    },
    stop: () => stopping.abort(),
  };
}
