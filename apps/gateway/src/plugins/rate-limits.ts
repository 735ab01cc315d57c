import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RateLimits } from '../deps.ts';
import { rateLimited } from '../errors.ts';

const WINDOW_MS = 60_000;

/** Budgets that our own code spends. Each answers the seconds to wait once it is gone. */
export interface Limits {
  /** Counts a refused call against its address. */
  countRefused(request: FastifyRequest): Promise<number | undefined>;
  /** Counts a call against its token, or, with the shared password, against its address and source. */
  countSend(request: FastifyRequest): Promise<number | undefined>;
}

/**
 * Three budgets that do not touch each other, so that no stranger can spend a producer's.
 *
 * - Public pages: per address, before anything else.
 * - Those who may send: per token. With the shared password per address and source that the body names: one producer that
 *   sends without end must not silence the others; it guards against mistakes, not against malice.
 * - Refused calls (no or wrong secret, unknown path): per address. Once it is gone refusals become 429, but a right
 *   secret from the same address still passes: behind one router or one reverse proxy the address is no evidence of who
 *   is calling.
 *
 * So the third budget slows nobody who guesses passwords by brute force; that takes a long password, and
 * the gateway warns at start about a short one. Counts live in the process: each replica has its own.
 *
 * Must be called before routes are added, since the limiter attaches itself to routes as they come.
 */
export async function addRateLimits(app: FastifyInstance, budgets: RateLimits): Promise<Limits> {
  await app.register(rateLimit, {
    max: limitOf(budgets.public),
    timeWindow: WINDOW_MS,
    errorResponseBuilder: (_request, { ttl }) => rateLimited(Math.ceil(ttl / 1000)),
  });
  const refused = app.createRateLimit({ max: limitOf(budgets.refused), timeWindow: WINDOW_MS });
  const sends = app.createRateLimit({
    max: limitOf(budgets.send),
    timeWindow: WINDOW_MS,
    keyGenerator: ({ body, caller, ip }) =>
      caller?.source === undefined ? `${ip} ${sourceOf(body)}` : caller.name,
  });
  return {
    countRefused: async (request) => waitSeconds(await refused(request)),
    countSend: async (request) => waitSeconds(await sends(request)),
  };
}

/** As long as a valid source can be. The body is not validated yet. The store forgets the oldest of 5 000 keys. */
const MAX_SOURCE_LENGTH = 64;

function sourceOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('source' in body)) return '';
  const { source } = body;
  return typeof source === 'string' || typeof source === 'number'
    ? String(source).slice(0, MAX_SOURCE_LENGTH)
    : '';
}

function limitOf(budget: number): number {
  return budget === 0 ? Number.MAX_SAFE_INTEGER : budget;
}

type Count = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>;

function waitSeconds(count: Count): number | undefined {
  return !count.isAllowed && count.isExceeded ? Math.max(1, count.ttlInSeconds) : undefined;
}
