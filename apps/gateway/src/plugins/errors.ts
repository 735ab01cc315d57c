import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type Fault, GatewayError, notFound, rateLimited, toErrorBody, toGroupMeError } from '../errors.ts';
import type { Limits } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Errors have GroupMe's form. */
    answersAsGroupMe?: boolean;
  }
}

const UNKNOWN_FIELD = 'is not a known field';

/** One shape for every refusal and failure, and the budget of those who are refused. */
export function addErrors(app: FastifyInstance, limits: Limits): void {
  app.setErrorHandler(async (thrown, request, reply) => {
    let error = toGatewayError(thrown);
    request.note.reason ??= error.code.toLowerCase();
    if (error.faults) request.note.faultPaths = error.faults.map(pathForLog);
    if (error.statusCode === 500) request.note.err = error.cause ?? error;
    else if (error.cause instanceof Error) request.note.error = error.cause.message;
    if (error.statusCode < 500 && error.statusCode !== 429 && request.caller === undefined) {
      const waitSeconds = await limits.countRefused(request);
      if (waitSeconds !== undefined) error = rateLimited(waitSeconds);
    }
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
    if (error.statusCode === 401 && !reply.hasHeader('www-authenticate')) {
      reply.header('www-authenticate', 'Bearer');
    }
    reply.code(error.statusCode);
    return request.routeOptions.config.answersAsGroupMe
      ? toGroupMeError(error)
      : toErrorBody(error, request.note.wborMessageId);
  });
  // Refused before the body is read: an answer about the body would tell a known path from an unknown one.
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? notFound() : undefined);
  });
  app.setNotFoundHandler(() => {
    throw notFound();
  });
}

/** The names of unknown fields are the caller's words, which are not for the log. */
function pathForLog({ path, message }: Fault): string {
  return message === UNKNOWN_FIELD ? '(unknown)' : path;
}

/** Paths that cannot be decoded and the like, which never reach a route or a hook. */
export function answerFrameworkError(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const error = notFound();
  request.log.info({ method: request.method, route: 'unmatched', status: error.statusCode }, 'request');
  reply.code(error.statusCode).send(toErrorBody(error, undefined));
}

/** Bytes that are no HTTP. Fastify's own handler logs them, and with them a URL that may hold the secret. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const statusCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const body = JSON.stringify(toErrorBody(refused(statusCode), undefined));
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

/** Makes our error of whatever was thrown. Texts of others are dropped: JSON errors quote the body. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidRequest(thrown.validation);
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        'send JSON, with Content-Type: application/json',
      );
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError(413, 'BODY_TOO_LARGE', 'the body is larger than 256 KiB');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new GatewayError(400, 'MALFORMED_JSON', 'the body is not valid JSON');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    // secure-json-parse reports a forbidden key such as __proto__ by a plain SyntaxError.
    if (thrown instanceof SyntaxError) {
      return new GatewayError(400, 'MALFORMED_JSON', 'the body is not valid JSON');
    }
    return refused(statusCode);
  }
  return new GatewayError(500, 'INTERNAL', 'something went wrong here', { cause: thrown });
}

function refused(statusCode: number): GatewayError {
  return new GatewayError(statusCode, 'REFUSED', STATUS_CODES[statusCode] ?? 'refused');
}

interface Issue {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string | undefined;
  readonly params: object;
}

/** More faults than these make no request easier to mend, and names of unknown fields may be of any length. */
const MAX_FAULTS = 20;
const MAX_PATH_LENGTH = 100;

function invalidRequest(issues: readonly Issue[]): GatewayError {
  const all = issues.flatMap(toFaults);
  const faults = all.slice(0, MAX_FAULTS).map(({ path, message }) => ({
    path: path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH).toWellFormed()}…` : path,
    message,
  }));
  if (all.length > MAX_FAULTS)
    faults.push({ path: '', message: `and ${all.length - MAX_FAULTS} more faults` });
  const names = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new GatewayError(400, 'INVALID_REQUEST', names.join('; '), { faults });
}

function toFaults(issue: Issue): Fault[] {
  const path = issue.instancePath.slice(1).replaceAll('/', '.');
  // Zod names all unknown fields in one issue of their parent.
  if (issue.keyword === 'unrecognized_keys' && 'keys' in issue.params && Array.isArray(issue.params.keys)) {
    return issue.params.keys.map((key) => ({
      path: path === '' ? String(key) : `${path}.${key}`,
      message: UNKNOWN_FIELD,
    }));
  }
  // "expected string, received undefined" is true, but not how people say it. A missing body is null here.
  if (issue.keyword === 'invalid_type') {
    if (path === '' && issue.message?.endsWith('received null'))
      return [{ path, message: 'the body is missing' }];
    if (issue.message?.endsWith('received undefined')) return [{ path, message: 'is missing' }];
  }
  return [{ path, message: issue.message ?? 'is invalid' }];
}
