import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GatewayMetrics } from '../metrics.ts';

/** What a request's log line says besides route, status and time. Never text, phone numbers or secrets. */
export interface RequestNote {
  wborMessageId?: string;
  source?: string;
  /** Which token was presented: its id, which is no secret. */
  token?: string;
  routingKey?: string;
  /** Why it was refused; more exact than what the caller is told. */
  reason?: string;
  faultPaths?: string[];
  duplicate?: boolean;
  /** Why we failed. */
  error?: string;
  err?: unknown;
}

/** Somebody who has shown a secret. */
export interface Caller {
  /** For budgets, for example `token 0a1b2c3d`. */
  readonly name: string;
  /** The only source for which a token's owner speaks. Whoever has the shared password may name any. */
  readonly source?: string;
  /** Whether its messages may overtake all others. */
  readonly mayBeUrgent?: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    note: RequestNote;
    /** Who the caller has proven to be; undefined for strangers. */
    caller: Caller | undefined;
  }
}

/** The label of requests that no route matched. Their paths are callers' inventions. */
const UNMATCHED = 'unmatched';

/**
 * One line and one count per request.
 *
 * The line names the route's pattern, never the URL: a callback's URL holds the secret, and so does the URL
 * of somebody who mistyped the path before it.
 */
export function addRequestLog(app: FastifyInstance, metrics: GatewayMetrics): void {
  app.decorateRequest('caller', undefined);
  // Reference types cannot be shared defaults, so the hook makes one for each request.
  app.decorateRequest('note');
  app.addHook('onRequest', (request, _reply, done) => {
    request.note = {};
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request);
    const status = reply.statusCode;
    metrics.requests.inc({ method: request.method, route, status: String(status) });
    const { wborMessageId, source, token, routingKey, reason, faultPaths, duplicate, error, err } =
      request.note;
    const line = {
      method: request.method,
      route,
      status,
      duration_ms: Math.round(reply.elapsedTime * 10) / 10,
      wbor_message_id: wborMessageId,
      source,
      token,
      routing_key: routingKey,
      reason,
      fault_paths: faultPaths,
      duplicate,
      error,
      err,
      // The address is needed to stop somebody, so only for those who were turned away.
      ip: status >= 400 && status < 500 ? request.ip : undefined,
      aborted: reply.raw.writableFinished ? undefined : true,
    };
    request.log[levelOf(status, request)](line, 'request');
    done();
  });
}

export function routeOf(request: FastifyRequest): string {
  return request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED);
}

function levelOf(status: number, request: FastifyRequest): 'info' | 'warn' | 'error' {
  if (status >= 500) return 'error';
  // Scanners and those who are limited already must not fill the log with warnings.
  if (status < 400 || status === 429 || request.is404) return 'info';
  return 'warn';
}
