import { Gauge, type Registry } from 'prom-client';

/** What was last seen of a queue. */
interface QueueSight {
  readonly queue: string;
  readonly facts: { readonly messageCount: number; readonly consumerCount: number } | undefined;
  readonly waitingSinceMs: number | undefined;
}

/** What a service knows of the queues that it publishes to, read when the metrics are scraped. Once only. */
export function observeQueues(registry: Registry, read: () => readonly QueueSight[]): void {
  const gauges = [
    [
      'wbor_queue_consumers',
      'Consumers of a queue; 0 when it is gone',
      (sight) => sight.facts?.consumerCount ?? 0,
    ],
    [
      'wbor_queue_messages_ready',
      'Messages in a queue that nobody has in hand',
      (sight) => sight.facts?.messageCount ?? 0,
    ],
    [
      'wbor_queue_waiting_seconds',
      'Since when this process has not seen the queue empty: about the age of its oldest message; 0 when it is empty',
      ({ waitingSinceMs }) => (waitingSinceMs === undefined ? 0 : (Date.now() - waitingSinceMs) / 1_000),
    ],
  ] satisfies [string, string, (sight: QueueSight) => number][];
  for (const [name, help, measure] of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['queue'],
      registers: [registry],
      collect() {
        this.reset();
        for (const sight of read()) this.set({ queue: sight.queue }, measure(sight));
      },
    });
  }
}
