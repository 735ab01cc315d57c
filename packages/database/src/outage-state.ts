import type { Logger } from '@wbor/service';
import { describeDatabaseError } from './classify-error.ts';

/** Whether Postgres works, as seen from a service's own queries. Logs when that changes, not at each try. */
export interface OutageState {
  /** What is wrong, for `/readyz`; undefined while Postgres works. */
  readonly reason: string | undefined;
  /** How long Postgres has been failing; 0 while it works. */
  downForMs(): number;
  /** A query failed for a reason that lies with Postgres. */
  failed(error: unknown): void;
  /** A query was answered. */
  worked(): void;
}

export function createOutageState(options: {
  /** What an outage means to this service; the error's text follows it in `reason`. */
  readonly symptom: string;
  /** The whole log line at the start of an outage. */
  readonly logLine: string;
  readonly logger: Logger;
  readonly now?: () => number;
}): OutageState {
  const { logger, logLine, now = Date.now, symptom } = options;
  let outage: { readonly sinceMs: number; readonly reason: string } | undefined;
  return {
    get reason() {
      return outage && `${symptom}: ${outage.reason}`;
    },
    downForMs: () => (outage ? now() - outage.sinceMs : 0),
    failed(error) {
      const reason = describeDatabaseError(error);
      if (!outage) logger.warn({ reason }, logLine);
      outage = { sinceMs: outage?.sinceMs ?? now(), reason };
    },
    worked() {
      if (outage) logger.info({ down_ms: now() - outage.sinceMs }, 'Postgres answers again');
      outage = undefined;
    },
  };
}
