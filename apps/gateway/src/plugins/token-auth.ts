import type { FastifyRequest } from 'fastify';
import { rateLimited } from '../errors.ts';
import type { KnownToken } from '../tokens/token-store.ts';
import type { Limits } from './rate-limits.ts';
import type { Caller } from './request-log.ts';

/** Lets somebody in who has proven who it is, as long as the budget lasts. */
export async function admit(request: FastifyRequest, caller: Caller, limits: Limits): Promise<void> {
  request.caller = caller;
  const waitSeconds = await limits.countSend(request);
  if (waitSeconds !== undefined) throw rateLimited(waitSeconds);
}

/** The same by a token, whose id the log then names. */
export async function admitToken(request: FastifyRequest, token: KnownToken, limits: Limits): Promise<void> {
  request.note.token = token.id;
  const { id, mayBeUrgent = false, source } = token;
  await admit(request, { name: `token ${id}`, source, mayBeUrgent }, limits);
}

/** `Authorization: Bearer …` */
export function bearerOf(request: FastifyRequest): string | undefined {
  return credentialsOf(request, 'bearer')?.toString('utf8');
}

/** The password of `Authorization: Basic …`. The user's name means nothing here. */
export function basicPasswordOf(request: FastifyRequest): string | undefined {
  const credentials = credentialsOf(request, 'basic')?.toString('latin1');
  if (credentials === undefined) return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : decoded.slice(colon + 1);
}

/** `?token=…` */
export function queryTokenOf(request: FastifyRequest): unknown {
  const { query } = request;
  return typeof query === 'object' && query !== null && 'token' in query ? query.token : undefined;
}

/** Node reads header bytes as Latin-1, while passwords are UTF-8. */
function credentialsOf(request: FastifyRequest, scheme: string): Buffer | undefined {
  const [, given, credentials] = /^(\w+) +(.+)$/.exec(request.headers.authorization ?? '') ?? [];
  return given?.toLowerCase() === scheme ? Buffer.from(credentials ?? '', 'latin1') : undefined;
}
