import { Counter, Histogram, type Registry } from 'prom-client';

/** What the gateway counts. Labels come from short fixed lists, never from callers. */
export interface GatewayMetrics {
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly publishSeconds: Histogram<'outcome'>;
  readonly rejectedCallbacks: Counter<'reason'>;
  readonly duplicateCallbacks: Counter;
  readonly droppedAttachments: Counter;
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
    droppedAttachments: new Counter({
      name: 'gateway_attachments_dropped_total',
      help: 'Attachments of /bots/post that were left out, since they are no pictures',
      registers,
    }),
  };
}
