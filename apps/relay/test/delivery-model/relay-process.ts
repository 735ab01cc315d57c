import { never } from './virtual-time.ts';

/** What a relay is to the world: a process that can be gone in the middle of anything. */
export interface RelayProcess {
  alive: boolean;
  stopping: boolean;
  /** Whether it waits for an answer of GroupMe's or of the broker's. */
  readonly busy: boolean;
  /** Waits for something outside. A process that is gone by then never hears of it. */
  during<T>(work: Promise<T>): Promise<T>;
  /** A result that it has published, and of which it has not heard that it is stored. */
  unconfirmed: { store(): void } | undefined;
}

export function createRelayProcess(): RelayProcess {
  let underWay = 0;
  const self: RelayProcess = {
    alive: true,
    stopping: false,
    unconfirmed: undefined,
    get busy() {
      return underWay > 0;
    },
    async during(work) {
      underWay += 1;
      const result = await work;
      if (!self.alive) return never;
      underWay -= 1;
      return result;
    },
  };
  return self;
}
