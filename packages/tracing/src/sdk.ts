import { DiagLogLevel, diag } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { endsWithin } from '@wbor/async';

const STOP_TIMEOUT_MS = 2_000;
/** A collector that is away fails each batch, every few seconds. */
const WARN_EVERY_MS = 10 * 60_000;
const MAX_WARNING_LENGTH = 200;

export interface Sdk {
  /** Sends what is not sent yet, for two seconds at most. */
  stop(): Promise<void>;
}

/** Starts OpenTelemetry's own SDK, which reads all but these of its settings out of the environment. */
export function startSdk(serviceName: string, warn: (error: string) => void): Sdk {
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  const ignore = (): void => {};
  diag.setLogger(
    {
      error(message) {
        if (performance.now() - warnedAtMs < WARN_EVERY_MS) return;
        warnedAtMs = performance.now();
        warn(firstLine(message));
      },
      warn: ignore,
      info: ignore,
      debug: ignore,
      verbose: ignore,
    },
    DiagLogLevel.ERROR,
  );
  const sdk = new NodeSDK({
    serviceName,
    // Without the one for baggage: what a caller says there is not carried on.
    textMapPropagator: new W3CTraceContextPropagator(),
    // It could change no module: they are all in one file.
    instrumentations: [],
    // Prometheus reads the metrics, and standard output is the log.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return { stop: () => endsWithin(sdk.shutdown(), STOP_TIMEOUT_MS).then(ignore, ignore) };
}

/** An error of the SDK comes as JSON, with its stack. */
function firstLine(message: string): string {
  const text = /"message":"(.+?)"/.exec(message)?.[1] ?? message;
  return (text.split('\n')[0] ?? '').slice(0, MAX_WARNING_LENGTH);
}
