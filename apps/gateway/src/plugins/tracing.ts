import { isTracing, markFailed, type OpenSpan, SpanKind, startSpan, traceOf } from '@wbor/tracing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from './request-log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: OpenSpan | undefined;
  }
}

/**
 * A span for each request, of the trace that its headers name. It names the route's pattern, never the URL, in which the secret of
 * callbacks stands.
 */
export function addTracing(app: FastifyInstance): void {
  if (!isTracing()) return;
  app.decorateRequest('trace', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    const route = routeOf(request);
    request.trace = startSpan(`${request.method} ${route}`, {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method, 'http.route': route },
      parent: traceOf(request.headers),
    });
    request.trace.within(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply.statusCode);
    done();
  });
}

function end({ note, trace }: FastifyRequest, status: number): void {
  if (trace === undefined) return;
  const { wborMessageId, source } = note;
  trace.span.setAttributes({
    'http.response.status_code': status,
    ...(wborMessageId === undefined ? {} : { 'wbor.message_id': wborMessageId }),
    ...(source === undefined ? {} : { 'wbor.source': source }),
  });
  if (status >= 500) markFailed(trace.span, String(status));
  trace.span.end();
}
