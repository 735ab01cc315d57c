import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createHealth } from './health.ts';
import type { ServiceContext } from './run-service.ts';

/** A log line as it is written: `msg`, `level`, and the event's own fields. */
export interface TestLogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a test gives to the `start…` function of a service, to run it without a process and a health port. */
export interface TestServiceContext {
  readonly context: ServiceContext;
  /** All that was logged, from trace upwards. Nothing is masked, as the real logger would, so that a test sees a leak. */
  readonly lines: readonly TestLogLine[];
  /** The lines whose message contains this. */
  logged(message: string): TestLogLine[];
  /** Reasons for not being ready, as `/readyz` gives them. */
  faults(): string[];
  /** What `/readyz` says beside them. */
  notices(): string[];
  /** Runs the releases, last in, first out. Throws what a release throws. */
  stop(): Promise<void>;
}

export function createTestServiceContext(): TestServiceContext {
  const lines: TestLogLine[] = [];
  const releases: (() => Promise<void> | void)[] = [];
  const health = createHealth();
  const logger = pino(
    { level: 'trace', base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => void lines.push(JSON.parse(line) as TestLogLine) },
  );
  return {
    context: {
      logger,
      registry: new Registry(),
      health,
      onStop: (_name, release) => void releases.push(release),
    },
    lines,
    logged: (message) => lines.filter(({ msg }) => msg.includes(message)),
    faults: () => health.faults().map(({ reason }) => reason),
    notices: () => health.notices().map(({ notice }) => notice),
    async stop() {
      for (let release = releases.pop(); release; release = releases.pop()) await release();
    },
  };
}
