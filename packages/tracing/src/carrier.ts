import { type Context, context, propagation, ROOT_CONTEXT, type TextMapGetter } from '@opentelemetry/api';
import { isTracing } from './span.ts';

const NONE: Readonly<Record<string, string>> = {};

/** The headers `traceparent` and `tracestate` (W3C Trace Context) for a message that is sent now; none without tracing. */
export function traceHeaders(): Readonly<Record<string, string>> {
  if (!isTracing()) return NONE;
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Headers may hold whatever a producer has put there. */
const strings: TextMapGetter<Readonly<Record<string, unknown>>> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  },
};

/** The trace of which a message or a request says that it is part; a new one if it names none that can be one. */
export function traceOf(headers: Readonly<Record<string, unknown>>): Context {
  return propagation.extract(ROOT_CONTEXT, headers, strings);
}
