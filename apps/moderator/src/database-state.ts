import { describeDatabaseError } from '@wbor/database';
import type { Logger } from './logger.ts';

/** Whether Postgres answers, as seen from our own queries. Logs when that changes, not per try. */
export interface DatabaseState {
  readonly reason: string | undefined;
  failed(error: unknown): void;
  worked(): void;
}

export function createDatabaseState(logger: Logger): DatabaseState {
  let reason: string | undefined;
  return {
    get reason() {
      return reason && `Postgres does not answer: ${reason}`;
    },
    failed(error) {
      const said = describeDatabaseError(error);
      if (reason === undefined) logger.warn({ reason: said }, 'Postgres does not answer; commands wait');
      reason = said;
    },
    worked() {
      if (reason !== undefined) logger.info({}, 'Postgres answers again');
      reason = undefined;
    },
  };
}
