import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** What is known of a span at its start. Never texts, senders, addresses of callbacks or other secrets. */
export interface SpanStart {
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** Default: the span in which the caller is. */
  readonly parent?: Context;
  /** Other messages that it works on. */
  readonly links?: readonly Link[];
}

let isOn = false;

/** From now on spans are made. Before it none is, and nothing is spent on them. */
export function switchOn(): void {
  isOn = true;
}

export function isTracing(): boolean {
  return isOn;
}

/** A span that its owner ends. */
export interface OpenSpan {
  readonly span: Span;
  /** What is begun by `work` is part of it. */
  readonly within: <Result>(work: () => Result) => Result;
}

export function startSpan(name: string, start: SpanStart): OpenSpan {
  const { kind, attributes = {}, links = [], parent = context.active() } = start;
  const span = trace
    .getTracer('wbor-groupme')
    .startSpan(name, { kind, attributes, links: [...links] }, parent);
  const inside = trace.setSpan(parent, span);
  return { span, within: (work) => context.with(inside, work) };
}

/** Runs `work` in a span, which ends with it; a rejection marks the span as failed. Without tracing it is only run. */
export function inSpan<Result>(
  name: string,
  start: () => SpanStart,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  return isOn ? runInSpan(startSpan(name, start()), work) : work(undefined);
}

async function runInSpan<Result>(
  { span, within }: OpenSpan,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  try {
    return await within(() => work(span));
  } catch (error) {
    markFailed(span, typeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Runs `work` in a span for several messages at once: it is part of the first one's trace, and linked with the others.
 *
 * @param of what {@link currentLink} said of each.
 */
export function inBatchSpan<Result>(
  name: string,
  of: readonly (Link | undefined)[],
  start: () => SpanStart,
  work: () => Promise<Result>,
): Promise<Result> {
  const [first, ...links] = of.filter((link) => link !== undefined);
  const parent = first && trace.setSpanContext(ROOT_CONTEXT, first.context);
  return inSpan(name, () => ({ ...start(), links, parent: parent ?? ROOT_CONTEXT }), work);
}

/** Says more of the span in which the caller is. */
export function describeSpan(attributes: Attributes): void {
  if (isOn) trace.getSpan(context.active())?.setAttributes(attributes);
}

/** @param type the kind of error, and no more: what an error says may quote what it failed on. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** The span in which the caller is, for whatever works on it together with others. */
export function currentLink(): Link | undefined {
  const spanContext = isOn ? trace.getSpanContext(context.active()) : undefined;
  return spanContext && { context: spanContext };
}

/** For log lines. */
export function currentTraceId(): string | undefined {
  return isOn ? trace.getSpanContext(context.active())?.traceId : undefined;
}
