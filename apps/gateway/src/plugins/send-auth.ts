import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../errors.ts';
import type { SecretCheck } from '../secret-check.ts';
import type { TokenStore } from '../tokens/token-store.ts';
import type { Limits } from './rate-limits.ts';
import { admit, admitToken, bearerOf } from './token-auth.ts';

/**
 * A preValidation hook: after the body was read, since the password may be in it, and before it is
 * validated, since strangers are not told what a valid body looks like.
 *
 * A source's token speaks for that source, which the body then need not name.
 */
export function createSendAuth(options: { isPassword: SecretCheck; tokens: TokenStore; limits: Limits }) {
  const { isPassword, limits, tokens } = options;
  return async (request: FastifyRequest): Promise<void> => {
    // A bearer token decides alone; the body's password counts when there is none.
    const given = bearerOf(request) ?? passwordOf(request.body);
    const token = tokens.find(given);
    if (token) {
      await admitToken(request, token, limits);
      request.body = withSource(request.body, token.source);
    } else if (isPassword(given)) {
      await admit(request, { name: 'shared password', mayBeUrgent: true }, limits);
    } else {
      throw new GatewayError(
        401,
        'UNAUTHORIZED',
        'the password is missing or wrong; send it as Authorization: Bearer, or as password in the body',
      );
    }
  };
}

function passwordOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'password' in body ? body.password : undefined;
}

/** The body with the source of the token. What is no object is left for the validation to name. */
function withSource(body: unknown, source: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const named: unknown = 'source' in body ? body.source : undefined;
  if (named !== undefined && named !== null && String(named) !== source) throw wrongSource(source);
  return { ...body, source };
}

function wrongSource(source: string): GatewayError {
  return new GatewayError(403, 'FORBIDDEN', `this token speaks for the source ${source} alone`);
}
