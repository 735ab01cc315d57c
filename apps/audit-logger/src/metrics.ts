import type { EventTable } from '@wbor/database';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AuditEvent } from './intake/parse-event.ts';
import type { StoreResult } from './store/insert-all.ts';

export interface AuditMetrics {
  flushed(events: readonly AuditEvent[], result: StoreResult, seconds: number): void;
  flushFailed(): void;
  /** An event was put aside: unread, or because Postgres cannot store it. */
  parked(): void;
}

/** Registers the service's metrics. `readLagSeconds` is asked when they are scraped. */
export function createMetrics(registry: Registry, readLagSeconds: () => number): AuditMetrics {
  const registers = [registry];
  const rows = new Counter({
    name: 'audit_rows_total',
    help: 'Events stored, by table.',
    labelNames: ['table'],
    registers,
  });
  const rejected = new Counter({
    name: 'audit_rejected_total',
    help: 'Invalid events, which were stored in audit_rejected.',
    registers,
  });
  const duplicates = new Counter({
    name: 'audit_duplicates_total',
    help: 'Events that were stored already when they came.',
    registers,
  });
  const offContract = new Counter({
    name: 'audit_off_contract_total',
    help: 'Events stored although fields depart from their contract, by routing key.',
    labelNames: ['routing_key'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'audit_batch_size',
    help: 'Events in a flush.',
    buckets: [1, 5, 10, 25, 50, 100, 250, 500],
    registers,
  });
  const flushSeconds = new Histogram({
    name: 'audit_flush_seconds',
    help: 'How long a flush took that succeeded.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  });
  const retries = new Counter({
    name: 'audit_flush_failures_total',
    help: 'Flushes that failed and are tried again.',
    registers,
  });
  const parked = new Counter({
    name: 'audit_parked_total',
    help: 'Events that were put aside into audit-logger.parked: unread, or because audit_rejected could not take them either.',
    registers,
  });
  new Gauge({
    name: 'audit_lag_seconds',
    help: 'Age of the oldest event that is in hand and not stored; 0 when there is none.',
    registers,
    collect() {
      this.set(readLagSeconds());
    },
  });

  return {
    flushed(events, result, seconds) {
      let stored = result.rejected.length;
      for (const [table, count] of Object.entries(result.newRows) as [EventTable, number][]) {
        rows.inc({ table }, count);
        stored += count;
      }
      rejected.inc(result.rejected.length);
      duplicates.inc(events.length - stored);
      for (const event of events) {
        if (event.offContract.length > 0) offContract.inc({ routing_key: event.routingKey });
      }
      batchSize.observe(events.length);
      flushSeconds.observe(seconds);
    },
    flushFailed: () => retries.inc(),
    parked: () => parked.inc(),
  };
}
