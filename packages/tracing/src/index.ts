export { type Span, SpanKind } from '@opentelemetry/api';
export { traceHeaders, traceOf } from './carrier.ts';
export {
  currentLink,
  currentTraceId,
  describeSpan,
  inBatchSpan,
  inSpan,
  isTracing,
  markFailed,
  type OpenSpan,
  type SpanStart,
  startSpan,
} from './span.ts';
