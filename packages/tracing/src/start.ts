import type { Sdk } from './sdk.ts';
import { switchOn } from './span.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a standard variable asks for traces. By the standard an exporter would be on without any; we send nothing unasked. */
export function asksForTraces(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  const { OTEL_TRACES_EXPORTER: exporter } = env;
  if (exporter !== undefined && exporter !== '') return exporter !== 'none';
  return [env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(
    (endpoint) => endpoint !== undefined && endpoint !== '',
  );
}

/**
 * Starts to export spans, if the environment asks for it. What does that is loaded only then.
 *
 * @param warn told when spans do not reach the collector: they are dropped, and nothing waits for them.
 */
export async function startTracing(
  name: string,
  env: Environment,
  warn: (error: string) => void,
): Promise<Sdk | undefined> {
  if (!asksForTraces(env)) return undefined;
  const { startSdk } = await import('./sdk.ts');
  const sdk = startSdk(env.OTEL_SERVICE_NAME || name, warn);
  switchOn();
  return sdk;
}
