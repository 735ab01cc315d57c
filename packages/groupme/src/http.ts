import { inSpan, SpanKind, type SpanStart } from '@wbor/tracing';
import { Agent, type Dispatcher } from 'undici';
import { GroupMeUnknownOutcomeError, GroupMeUnreachableError, TransportError } from './errors.ts';

/** Enough for a hundred messages of a group with all their attachments. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** One post at a time, images beside it: a handful of connections to each host is plenty. */
const MAX_CONNECTIONS = 8;

interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /**
   * The status alone is the answer. A success then counts from its head on, whatever happens to its body,
   * which is still drained.
   */
  readonly statusOnly?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; of a repeated header the first value. */
  header(name: string): string | undefined;
  readonly body: string;
  readonly durationMs: number;
}

export interface Http {
  /**
   * One request, one answer of any status from 200 up. No retry, no redirect.
   *
   * @throws GroupMeUnreachableError when the request was not written to any connection.
   * @throws GroupMeUnknownOutcomeError when it was, and no whole answer came in time.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Waits for running requests, each bounded by its own time-out, then closes the connections. Idempotent. */
  close(): Promise<void>;
}

export function createHttp(options: {
  userAgent: string;
  connectTimeoutMs: number;
  responseTimeoutMs: number;
  redact: (text: string) => string;
}): Http {
  const { redact } = options;
  const agent = new Agent({
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    // With one request on a connection, "was it written?" has one clear answer. HTTP/2 would resend by itself.
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: options.responseTimeoutMs,
    bodyTimeout: options.responseTimeoutMs,
  });

  const send = (request: HttpRequest): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const elapsedMs = () => Math.round(performance.now() - startedAt);
      const chunks: Buffer[] = [];
      let bytes = 0;
      let status = 0;
      let headers: Record<string, string | string[] | undefined> = {};
      let written = false;
      let settled = false;
      let controller: Dispatcher.DispatchController | undefined;

      const succeed = () => {
        if (settled) return;
        settled = true;
        resolve({
          status,
          header: (name) => [headers[name]].flat()[0],
          body: Buffer.concat(chunks).toString('utf8'),
          durationMs: elapsedMs(),
        });
      };
      const fail = (cause: TransportError) => {
        if (settled) return;
        settled = true;
        const facts = { status, durationMs: elapsedMs(), cause };
        reject(
          written
            ? new GroupMeUnknownOutcomeError(
                `the request was sent, its outcome is unknown: ${cause.message}`,
                facts,
              )
            : new GroupMeUnreachableError(`GroupMe was not reached: ${cause.message}`, facts),
        );
      };

      // The total limit. The library's own limits cover one phase each, and its abort signal does nothing
      // for a request that still waits for a connection.
      const limit = setTimeout(() => {
        const cause = new TransportError(`no answer within ${request.timeoutMs} ms`, 'RESPONSE_TIMEOUT');
        fail(cause);
        controller?.abort(cause);
      }, request.timeoutMs);

      agent.dispatch(
        {
          origin: request.url.origin,
          path: `${request.url.pathname}${request.url.search}`,
          method: request.method,
          headers: { 'user-agent': options.userAgent, ...request.headers },
          body: request.body ?? null,
        },
        {
          // Called just before the first byte is written; an abort in here keeps the request from going out.
          onRequestStart(started) {
            if (settled) {
              started.abort(new TransportError('given up before it was sent', 'RESPONSE_TIMEOUT'));
              return;
            }
            controller = started;
            written = true;
          },
          onResponseStart(_controller, statusCode, responseHeaders) {
            if (statusCode < 200) return;
            status = statusCode;
            headers = responseHeaders;
            if (request.statusOnly && statusCode < 300) succeed();
          },
          onResponseData(current, chunk) {
            if (settled) return;
            bytes += chunk.length;
            if (bytes > MAX_BODY_BYTES) {
              const cause = new TransportError(
                `the answer exceeds ${MAX_BODY_BYTES} bytes`,
                'ANSWER_TOO_LARGE',
              );
              fail(cause);
              current.abort(cause);
              return;
            }
            chunks.push(chunk);
          },
          onResponseEnd() {
            clearTimeout(limit);
            succeed();
          },
          onResponseError(_controller, error) {
            clearTimeout(limit);
            fail(toTransportError(error, redact));
          },
        },
      );
    });

  let closing: Promise<void> | undefined;
  return {
    send: (request) =>
      inSpan(
        `${request.method} ${request.url.hostname}`,
        () => callSpan(request),
        async (span) => {
          const answer = await send(request);
          span?.setAttribute('http.response.status_code', answer.status);
          return answer;
        },
      ),
    close() {
      // The agent fails on a second call.
      closing ??= agent.close();
      return closing;
    },
  };
}

/** By OpenTelemetry's conventions for HTTP clients. The path of a picture, which somebody has sent, is left out. */
function callSpan({ method, url }: HttpRequest): SpanStart {
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': method,
      'server.address': url.hostname,
      'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
      ...(method === 'HEAD' ? {} : { 'url.path': url.pathname }),
    },
  };
}

function toTransportError(error: Error, redact: (text: string) => string): TransportError {
  if (error instanceof TransportError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // When a host has several addresses, the failure is an AggregateError with an empty message.
  return new TransportError(redact(error.message || code), code);
}
