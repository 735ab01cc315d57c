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

/**
 * What lies in a service's queue of parked messages, read when the metrics are scraped. Once only.
 *
 * @param names of the metrics for the number and for the age, in seconds, of the oldest.
 */
export function observeParked(
  registry: Registry,
  watch: { readonly count: number; readonly oldestAgeSeconds: number },
  names: readonly [messages: string, oldestAgeSeconds: string],
): void {
  new Gauge({
    name: names[0],
    help: 'Messages that are parked, as the broker said half a minute ago at most',
    registers: [registry],
    collect() {
      this.set(watch.count);
    },
  });
  new Gauge({
    name: names[1],
    help: 'Since when the oldest message is parked; 0 when there is none',
    registers: [registry],
    collect() {
      this.set(watch.oldestAgeSeconds);
    },
  });
}
