import { describe, expect, it } from 'vitest';
import { asksForTraces } from './start.ts';

const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('traces', () => {
  it.each<[string, Record<string, string>]>([
    ['without a variable', {}],
    ['with an empty one, as compose sets it', { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: '' }],
    ['with a name alone', { OTEL_SERVICE_NAME: 'relay' }],
    ['with the exporter none', { ...COLLECTOR, OTEL_TRACES_EXPORTER: 'none' }],
    ['when the SDK is disabled', { ...COLLECTOR, OTEL_SDK_DISABLED: 'True' }],
  ])('are off %s', (_, env) => {
    expect(asksForTraces(env)).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ['an endpoint', COLLECTOR],
    ['an endpoint of traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'console' }],
  ])('are on with %s', (_, env) => {
    expect(asksForTraces(env)).toBe(true);
  });
});
