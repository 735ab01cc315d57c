import { describeDatabaseError } from '@wbor/database';
import type { Logger } from '../logger.ts';

/** Whether Postgres takes what we have, as seen from our own queries. Logs when that changes, not per try. */
export interface DatabaseState {
  /** Why events cannot be stored now. */
  readonly reason: string | undefined;
  /** How long Postgres has been failing; 0 while it works. */
  downForMs(): number;
  failed(error: unknown): void;
  worked(): void;
}

export function createDatabaseState(logger: Logger, now: () => number = Date.now): DatabaseState {
  let down: { sinceMs: number; reason: string } | undefined;
  return {
    get reason() {
      return down && `Postgres does not take events: ${down.reason}`;
    },
    downForMs: () => (down ? now() - down.sinceMs : 0),
    failed(error) {
      const reason = describeDatabaseError(error);
      if (!down) logger.warn({ reason }, 'Postgres does not take events; they are kept on the queue');
      down = { sinceMs: down?.sinceMs ?? now(), reason };
    },
    worked() {
      if (down) logger.info({ down_ms: now() - down.sinceMs }, 'Postgres answers again');
      down = undefined;
    },
  };
}
