import { STATUS_CODES } from 'node:http';
import { describeDatabaseError } from '@wbor/database';
import type { FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ConsoleError, notFound } from '../errors.ts';
import { html } from '../html.ts';

/** A page for whatever goes wrong; to htmx its words alone. Details of failures of ours are for the log. */
export function addErrors(app: FastifyInstance): void {
  app.setErrorHandler(async (thrown, request, reply) => {
    const error = toConsoleError(thrown);
    const line = { method: request.method, route: request.routeOptions.url, status: error.statusCode };
    if (error.statusCode >= 500) {
      request.log.error({ ...line, error: describeDatabaseError(error.cause ?? thrown) }, 'a page failed');
    } else if (error.statusCode === 403) {
      request.log.warn({ ...line, who: request.session?.subject, reason: error.message }, 'refused');
    }
    reply.code(error.statusCode);
    if (request.headers['hx-request'] !== undefined) {
      return reply.header('hx-retarget', '#errors').header('hx-reswap', 'innerHTML').piece(error.message);
    }
    return reply.page({
      title: error.message,
      body: html`<h1>${error.message}</h1>
        <p>${error.advice}</p>`,
    });
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, () => {
    throw notFound();
  });
}

function toConsoleError(thrown: unknown): ConsoleError {
  if (thrown instanceof ConsoleError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const [fault] = thrown.validation;
    const field = fault?.instancePath.slice(1).replaceAll('/', '.') ?? '';
    return new ConsoleError(
      400,
      `${field || 'Something'}: ${fault?.message ?? 'is not right'}`,
      'Go back and change it.',
    );
  }
  const { statusCode } = thrown as { statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new ConsoleError(statusCode, STATUS_CODES[statusCode] ?? 'Refused', '', { cause: thrown });
  }
  return new ConsoleError(
    500,
    'This page could not be made',
    'Try again. If Postgres or the broker is away, the page Now says so; the reason is in the console’s log.',
    { cause: thrown },
  );
}
