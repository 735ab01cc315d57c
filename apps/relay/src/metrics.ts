import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface RelayMetrics {
  readonly received: Counter<'queue' | 'result'>;
  readonly repaired: Counter<'field'>;
  readonly parked: Counter<'reason'>;
  readonly images: Counter<'outcome'>;
  readonly imagesFailed: Counter<'code'>;
  readonly imagePixels: Counter;
  readonly posts: Counter<'outcome'>;
  readonly postSeconds: Histogram;
  readonly undisplayed: Counter;
  /** From now on the present pace is read when the metrics are scraped. Once only. */
  watchPace(read: () => number): void;
  /** From now on the memory of images is read when the metrics are scraped. Once only. */
  watchImageMemory(read: () => { usedBytes: number; waiting: number }): void;
  /** From now on the messages that delivery has in hand are counted when the metrics are scraped. Once only. */
  watchHeld(read: () => number): void;
  /** From now on what is known of `relay.parked` is read when the metrics are scraped. Once only. */
  watchParked(read: () => { count: number; oldestAgeSeconds: number }): void;
  /** From now on the bans that are known are read when the metrics are scraped. Once only. */
  watchBans(read: () => { ageSeconds: number; version: number; count: number }): void;
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry];
  return {
    received: new Counter({
      name: 'relay_messages_received_total',
      help: 'Messages taken from the exchange, by queue and by what became of them at intake',
      labelNames: ['queue', 'result'],
      registers,
    }),
    repaired: new Counter({
      name: 'relay_input_repaired_total',
      help: 'Fields of messages that were not as the contract says, and were read or left out all the same',
      labelNames: ['field'],
      registers,
    }),
    parked: new Counter({
      name: 'relay_messages_parked_total',
      help: 'Messages put aside for a person to look at, by reason',
      labelNames: ['reason'],
      registers,
    }),
    images: new Counter({
      name: 'relay_images_total',
      help: 'Calls of the image service and images that were not tried, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    imagesFailed: new Counter({
      name: 'relay_images_failed_total',
      help: 'Images that could not be fetched or converted, by reason; TOO_MANY is for want of memory',
      labelNames: ['code'],
      registers,
    }),
    imagePixels: new Counter({
      name: 'relay_image_pixels_total',
      help: 'Pixels of the images that were decoded to be converted',
      registers,
    }),
    posts: new Counter({
      name: 'relay_posts_total',
      help: 'Calls of bots/post and messages that were not posted, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    undisplayed: new Counter({
      name: 'relay_posts_undisplayed_total',
      help: 'Posts that GroupMe accepted and that no echo has confirmed in time',
      registers,
    }),
    postSeconds: new Histogram({
      name: 'relay_post_seconds',
      help: 'Duration of successful calls of bots/post',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    watchPace(read) {
      new Gauge({
        name: 'relay_pace_per_second',
        help: 'Posts per second that are let out at present; +Inf when there is no limit',
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    watchImageMemory(read) {
      new Gauge({
        name: 'relay_image_memory_bytes',
        help: 'Memory that images hold or have reserved, of IMAGE_MEMORY_BUDGET_MB',
        registers,
        collect() {
          this.set(read().usedBytes);
        },
      });
      new Gauge({
        name: 'relay_images_waiting',
        help: 'Images that wait for memory',
        registers,
        collect() {
          this.set(read().waiting);
        },
      });
    },
    watchHeld(read) {
      new Gauge({
        name: 'relay_messages_held',
        help: 'Planned messages in hand: the part of the outbox that the broker counts as unacknowledged',
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    watchParked(read) {
      new Gauge({
        name: 'relay_parked_messages',
        help: 'Messages that lie in relay.parked, as the broker said half a minute ago at most',
        registers,
        collect() {
          this.set(read().count);
        },
      });
      new Gauge({
        name: 'relay_parked_oldest_age_seconds',
        help: 'Since when the oldest message lies in relay.parked; 0 when there is none',
        registers,
        collect() {
          this.set(read().oldestAgeSeconds);
        },
      });
    },
    watchBans(read) {
      new Gauge({
        name: 'relay_bans_age_seconds',
        help: 'Since when the ban list was not renewed by the moderator; +Inf when none was ever heard',
        registers,
        collect() {
          this.set(read().ageSeconds);
        },
      });
      new Gauge({
        name: 'relay_bans_version',
        help: 'Version of the ban list that is enforced; 0 when none is known',
        registers,
        collect() {
          this.set(read().version);
        },
      });
      new Gauge({
        name: 'relay_bans',
        help: 'Senders who are banned at present',
        registers,
        collect() {
          this.set(read().count);
        },
      });
    },
  };
}
