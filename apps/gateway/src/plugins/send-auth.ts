import type { FastifyRequest } from 'fastify';
import { GatewayError, rateLimited } from '../errors.ts';
import type { SecretCheck } from '../secret-check.ts';
import type { Limits } from './rate-limits.ts';

/** What the shared password proves. Tokens per source will have names of their own. */
const SHARED_PASSWORD = 'shared-password';

/**
 * A preValidation hook: after the body was read, since the password may be in it, and before it is
 * validated, since strangers are not told what a valid body looks like.
 */
export function createSendAuth(isPassword: SecretCheck, limits: Limits) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!isPassword(presentedPassword(request))) {
      throw new GatewayError(
        401,
        'UNAUTHORIZED',
        'the password is missing or wrong; send it as Authorization: Bearer, or as password in the body',
      );
    }
    request.caller = SHARED_PASSWORD;
    const waitSeconds = await limits.countSend(request);
    if (waitSeconds !== undefined) throw rateLimited(waitSeconds);
  };
}

/** A bearer token decides alone; the body's password counts when there is none. */
function presentedPassword(request: FastifyRequest): unknown {
  const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Node reads header bytes as Latin-1, while passwords are UTF-8.
  if (bearer !== undefined) return Buffer.from(bearer, 'latin1').toString('utf8');
  const { body } = request;
  return typeof body === 'object' && body !== null && 'password' in body ? body.password : undefined;
}
