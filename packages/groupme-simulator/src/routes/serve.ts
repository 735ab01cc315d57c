import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FaultRoute } from '../fault-schema.ts';
import type { Faults, Strike } from '../faults.ts';
import type { RequestLog } from '../request-log.ts';
import type { RecordedRequest } from '../types.ts';

/** What a route would answer. A string or a Buffer goes out as it is, the rest as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly messageId?: string;
}

/**
 * Answers one request of GroupMe's API: records it, lets a scripted fault strike, else accepts.
 *
 * @param accept Does the route's work. Called at most once, and not at all when a fault refuses.
 */
export type Serve = (
  route: FaultRoute | null,
  request: FastifyRequest,
  reply: FastifyReply,
  accept: () => Answer,
) => Promise<FastifyReply>;

export interface ServeDependencies {
  readonly faults: Faults;
  readonly requestLog: RequestLog;
  /** Changes with every reset: what began before must not be accepted after. */
  readonly epoch: () => number;
}

export function envelope(code: number, ...errors: string[]): Answer {
  return { status: code, body: { meta: { code, errors }, response: null } };
}

export function createServe({ faults, requestLog, epoch }: ServeDependencies): Serve {
  const send = (reply: FastifyReply, record: RecordedRequest, answer: Answer): FastifyReply => {
    requestLog.end(record, 'answered', answer.status);
    reply.code(answer.status);
    if (answer.contentType !== undefined) reply.type(answer.contentType);
    return reply.send(answer.body);
  };

  const hang = (reply: FastifyReply, record: RecordedRequest): FastifyReply => {
    requestLog.end(record, 'hung');
    return reply.hijack();
  };

  const reset = (reply: FastifyReply, record: RecordedRequest): FastifyReply => {
    requestLog.end(record, 'reset');
    reply.hijack();
    reply.raw.socket?.resetAndDestroy();
    return reply;
  };

  return async (route, request, reply, accept) => {
    const strike = route === null ? undefined : faults.take(route);
    const record = requestLog.begin(
      {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: Buffer.isBuffer(request.body) ? request.body : undefined,
      },
      strike?.fault.mode ?? null,
    );
    // A no-op for a request that has ended otherwise.
    reply.raw.once('close', () => requestLog.end(record, 'abandoned'));

    const acceptNow = (): Answer => {
      const answer = accept();
      if (answer.messageId !== undefined) record.messageId = answer.messageId;
      return answer;
    };

    if (strike === undefined) return send(reply, record, acceptNow());
    const { fault } = strike;
    switch (fault.mode) {
      case 'hang':
        return hang(reply, record);
      case 'reset':
        return reset(reply, record);
      case 'accept-then-hang':
        acceptNow();
        return hang(reply, record);
      case 'accept-then-reset':
        acceptNow();
        return reset(reply, record);
      case 'accept-then-status':
        acceptNow();
        return send(reply, record, scripted(reply, fault));
      case 'status':
        return send(reply, record, scripted(reply, fault));
      case 'rate-limit':
        return send(reply, record, refusal(reply, strike));
      case 'delay': {
        const begunIn = epoch();
        await delay(fault.delayMs, undefined, { ref: false });
        return epoch() === begunIn ? send(reply, record, acceptNow()) : reset(reply, record);
      }
      case 'duplicate':
        // For callbacks only; the schema keeps it away from here.
        return send(reply, record, acceptNow());
    }
  };
}

function scripted(
  reply: FastifyReply,
  fault: { status: number; body?: unknown; retryAfter?: string | number | undefined },
): Answer {
  if (fault.retryAfter !== undefined) reply.header('retry-after', fault.retryAfter);
  if (fault.body !== undefined) return { status: fault.status, body: fault.body };
  // These carry no body by definition.
  if (fault.status === 204 || fault.status === 304) return { status: fault.status };
  return fault.status < 300
    ? { status: fault.status }
    : envelope(fault.status, `simulated failure ${fault.status}`);
}

function refusal(reply: FastifyReply, { fault, waitSeconds }: Strike): Answer {
  if (fault.mode !== 'rate-limit') return envelope(429, 'rate limit exceeded');
  if (fault.retryAfter) reply.header('retry-after', waitSeconds);
  return envelope(fault.status ?? 429, 'rate limit exceeded');
}
