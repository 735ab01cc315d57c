import type { Evidence } from '@wbor/contracts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** A part of a message, the last of which ends its way. */
interface PostedPart {
  readonly part: number;
  readonly parts: number;
  /** When its message was published, in epoch milliseconds, where that is known. */
  readonly publishedAtMs?: number | undefined;
}

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
  readonly retries: Counter;
  readonly doubts: Counter<'evidence'>;
  /** GroupMe has taken a part, or the chat showed that it had. */
  partAccepted(part: PostedPart): void;
  /** The part's echo has come. */
  partShown(part: PostedPart): void;
  /** From now on the present pace is read when the metrics are scraped. Once only. */
  watchPace(read: () => number): void;
  /** From now on the memory of images is read when the metrics are scraped. Once only. */
  watchImageMemory(read: () => { usedBytes: number; waiting: number }): void;
  /** From now on the messages that delivery has in hand are counted when the metrics are scraped. Once only. */
  watchHeld(read: () => { size: number; oldestPlannedAtMs: number | undefined }): void;
  /** From now on the bans that are known are read when the metrics are scraped. Once only. */
  watchBans(read: () => { ageSeconds: number; version: number; count: number; isStale: boolean }): void;
}

export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry];
  const acceptedSeconds = endToEnd('relay_accepted_seconds', 'until GroupMe had taken its last part');
  const displayedSeconds = endToEnd('relay_displayed_seconds', 'until the echo of its last part came back');

  function endToEnd(name: string, until: string): Histogram {
    return new Histogram({
      name,
      help: `From when a message was published, to within a second, ${until}`,
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200],
      registers,
    });
  }

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
    retries: new Counter({
      name: 'relay_post_retries_total',
      help: 'Calls of bots/post for a part for which one was made before',
      registers,
    }),
    doubts: createDoubts(registers),
    partAccepted: (part) => observeLast(acceptedSeconds, part),
    partShown: (part) => observeLast(displayedSeconds, part),
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
          this.set(read().size);
        },
      });
      new Gauge({
        name: 'relay_outbox_oldest_age_seconds',
        help: 'Since when the oldest planned message in hand waits, which is the oldest of the outbox; 0 without one',
        registers,
        collect() {
          const { oldestPlannedAtMs } = read();
          this.set(oldestPlannedAtMs === undefined ? 0 : Math.max(0, Date.now() - oldestPlannedAtMs) / 1_000);
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
        name: 'relay_bans_stale',
        help: 'Whether no list of bans was ever heard, or none for BANS_STALE_SECONDS: 1 or 0',
        registers,
        collect() {
          this.set(read().isStale ? 1 : 0);
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

function observeLast(histogram: Histogram, { part, parts, publishedAtMs }: PostedPart): void {
  if (part < parts || publishedAtMs === undefined) return;
  histogram.observe(Math.max(0, Date.now() - publishedAtMs) / 1_000);
}

/** At 0 from the start: an alert on what has no sample yet would miss the first. */
function createDoubts(registers: Registry[]): Counter<'evidence'> {
  const doubts = new Counter({
    name: 'relay_posts_in_doubt_total',
    help: 'Calls that ended without a usable answer, by what then showed the post; none: it is posted again',
    labelNames: ['evidence'],
    registers,
  });
  for (const evidence of ['echo', 'read-back', 'none'] satisfies Evidence[]) doubts.inc({ evidence }, 0);
  return doubts;
}
