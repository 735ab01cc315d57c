import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Spool } from './spool/spool.ts';
import type { TokenStore } from './tokens/token-store.ts';

/** What the gateway counts. Labels come from short lists, never from callers. */
export interface GatewayMetrics {
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly publishSeconds: Histogram<'outcome'>;
  readonly rejectedCallbacks: Counter<'reason'>;
  readonly duplicateCallbacks: Counter;
  readonly droppedAttachments: Counter;
  readonly spooled: Counter;
}

export function createMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'gateway_http_requests_total',
      help: 'HTTP requests, by route pattern and status',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    publishSeconds: new Histogram({
      name: 'gateway_publish_seconds',
      help: "Time until the broker's confirm, by outcome",
      labelNames: ['outcome'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    rejectedCallbacks: new Counter({
      name: 'gateway_callbacks_rejected_total',
      help: 'Callbacks that were not published: wrong secret, unusable, or broker away',
      labelNames: ['reason'],
      registers,
    }),
    duplicateCallbacks: new Counter({
      name: 'gateway_callbacks_duplicate_total',
      help: 'Callbacks that had been published before',
      registers,
    }),
    spooled: new Counter({
      name: 'gateway_spooled_total',
      help: 'Messages that were kept in the spool, since the broker did not take them',
      registers,
    }),
    droppedAttachments: new Counter({
      name: 'gateway_attachments_dropped_total',
      help: 'Attachments of /bots/post that were left out, since they are no pictures',
      registers,
    }),
  };
}

/** What waits in the spool, whenever somebody asks. */
export function observeSpool(registry: Registry, spool: Spool): void {
  const gauges = [
    ['gateway_spool_messages', 'Messages in the spool', () => spool.depth],
    ['gateway_spool_bytes', 'Bytes of the messages in the spool', () => spool.bytes],
    [
      'gateway_spool_oldest_age_seconds',
      'Age of the oldest message in the spool; 0 without one',
      () => (spool.oldestAt === undefined ? 0 : (Date.now() - spool.oldestAt) / 1_000),
    ],
  ] as const;
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
}

/** Which tokens there are, and until when. Their ids and sources are whoever's who made the file. */
export function observeTokens(registry: Registry, tokens: TokenStore): void {
  new Gauge({
    name: 'gateway_token_expires_timestamp_seconds',
    help: 'When a token of TOKENS_FILE expires, Unix time; +Inf for never',
    labelNames: ['id', 'source'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { expiresAtMs, id, source } of tokens.list()) {
        this.set({ id, source }, expiresAtMs === undefined ? Number.POSITIVE_INFINITY : expiresAtMs / 1_000);
      }
    },
  });
}
