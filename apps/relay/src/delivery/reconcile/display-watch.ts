import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../../metrics.ts';
import type { AuditEvents } from '../../notify/audit-events.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** Looks for posts that GroupMe accepted and never showed. */
export interface DisplayWatch {
  stop(): void;
}

const LOOK_EVERY_MS = 5_000;

/**
 * Reports each post that no echo has confirmed in time: in the log, as a metric, and for the audit. Only while
 * echoes come: a later post must have been echoed, or the silence is not the post's.
 */
export function startDisplayWatch(options: {
  ledger: Ledger;
  botId: string;
  timeoutMs: number;
  audit: AuditEvents;
  metrics: RelayMetrics;
  logger: Logger;
}): DisplayWatch {
  const { audit, ledger, logger, metrics, timeoutMs } = options;
  const startedAtMs = Date.now();
  const reported = new WeakSet<LedgerEntry>();

  function look(): void {
    for (const entry of ledger.unproved()) {
      const waitedMs = Date.now() - entry.lastCall.sentAtMs;
      // What was posted before our time is not ours to judge: its echo may have come before we listened.
      if (waitedMs < timeoutMs || entry.lastCall.sentAtMs < startedAtMs || reported.has(entry)) continue;
      if ((ledger.lastEchoAtMs ?? 0) <= entry.lastCall.sentAtMs) continue;
      reported.add(entry);
      metrics.undisplayed.inc();
      logger.warn(
        { wbor_message_id: entry.messageId, part: entry.part, waited_ms: waitedMs },
        'GroupMe accepted a post and has not shown it',
      );
      void audit.undisplayed({
        type: 'undisplayed',
        source: entry.source,
        bot_id: options.botId,
        wbor_message_id: entry.messageId,
        part: entry.part,
        text: entry.text,
        ...(entry.pictureUrl === undefined ? {} : { picture_url: entry.pictureUrl }),
        sent_at: new Date(entry.lastCall.sentAtMs).toISOString(),
        waited_ms: waitedMs,
      });
    }
  }

  const timer = setInterval(look, Math.min(LOOK_EVERY_MS, timeoutMs));
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
