import type { Logger } from '@wbor/service';
import { z } from 'zod';
import type { WatchedService } from './services.ts';

/** What a service says of itself. */
export interface ServiceSight {
  readonly name: string;
  readonly isReady: boolean;
  /** Why it is not ready; what it cannot be asked is one reason. */
  readonly faults: readonly string[];
  readonly notices: readonly string[];
  /** Of its metrics, by name and labels as Prometheus writes them: `wbor_queue_messages_ready{queue="relay.outbox"}`. */
  readonly metrics: ReadonlyMap<string, number>;
}

export interface HealthWatch {
  readonly sights: readonly ServiceSight[];
  stop(): void;
}

const readinessSchema = z.object({
  faults: z.array(z.object({ name: z.string(), reason: z.string() })),
  notices: z.array(z.object({ name: z.string(), notice: z.string() })),
});

const EVERY_MS = 4_000;
const TIMEOUT_MS = 3_000;

/** Looks at the health ports again and again, for all who look at pages. */
export function watchHealth(services: readonly WatchedService[], logger: Logger): HealthWatch {
  let sights: readonly ServiceSight[] = [];
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      sights = await Promise.all(services.map(lookAt));
    } catch (error) {
      logger.warn({ error: String(error) }, 'the services could not be looked at');
    } finally {
      isLooking = false;
    }
  }

  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  return {
    get sights() {
      return sights;
    },
    stop: () => clearInterval(timer),
  };
}

async function lookAt({ name, url }: WatchedService): Promise<ServiceSight> {
  try {
    const [ready, metrics] = await Promise.all([get(`${url}/readyz`), get(`${url}/metrics`)]);
    const { faults, notices } = readReadiness(await ready.text());
    return { name, isReady: ready.ok, faults, notices, metrics: readMetrics(await metrics.text()) };
  } catch {
    return { name, isReady: false, faults: ['it does not answer'], notices: [], metrics: new Map() };
  }
}

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
}

function readReadiness(text: string): { faults: string[]; notices: string[] } {
  const { faults, notices } = readinessSchema.parse(JSON.parse(text));
  return {
    faults: faults.map(({ name, reason }) => `${name}: ${reason}`),
    notices: notices.map(({ name, notice }) => `${name}: ${notice}`),
  };
}

/** Of the text format of Prometheus its numbers; what is no number of ours is left out. */
function readMetrics(text: string): Map<string, number> {
  const lines = text.matchAll(/^([a-z_]+(?:\{[^\n]*\})?) ([^\s]+)$/gm);
  return new Map(
    Array.from(lines, ([, name = '', value]) => [name, value === '+Inf' ? Infinity : Number(value)]),
  );
}
