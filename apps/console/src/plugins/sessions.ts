import { timingSafeEqual } from 'node:crypto';
import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ProxySignIn } from '../auth/proxy-sign-in.ts';
import { mayActAs, type Role } from '../auth/roles.ts';
import type { Session, SessionStore } from '../auth/session-store.ts';
import type { Identity } from '../auth/who.ts';
import { ConsoleError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set on all routes whose `role` is not `public`. */
    session: Session | undefined;
  }
  interface FastifyContextConfig {
    /** Who may call this. Default: `viewer`. */
    role?: Role | 'public';
    /** A page asks for it by itself, again and again: that is no sign of a person. */
    isBackground?: boolean;
  }
  interface FastifyReply {
    /** Whether the session still is, for an answer that goes on for long. */
    isAllowedStill(): Promise<boolean>;
    /** Begins a session in place of any there is. */
    signIn(identity: Identity): Promise<void>;
    /** Ends the session. */
    signOut(): Promise<void>;
  }
}

export interface SessionOptions {
  readonly sessions: SessionStore;
  /** Where browsers see us; undefined: where they say that they see us. */
  readonly publicUrl: string | undefined;
  readonly proxySignIn: ProxySignIn | undefined;
  readonly maxAgeSeconds: number;
}

/** Who asks, whether that is allowed, and that a change is asked for by a page of ours. */
export async function addSessions(app: FastifyInstance, options: SessionOptions): Promise<void> {
  const { proxySignIn, publicUrl, sessions } = options;
  await app.register(cookie);
  const isSecure = publicUrl?.startsWith('https:') ?? false;
  // The prefix keeps other hosts of the domain from setting it.
  const cookieName = isSecure ? '__Host-wbor-console' : 'wbor-console';
  const attributes = { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' } as const;

  function setToken(reply: FastifyReply, token: string): void {
    reply.setCookie(cookieName, token, { ...attributes, maxAge: options.maxAgeSeconds });
  }

  async function findSession(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
    const token = request.cookies[cookieName];
    const { isBackground = false } = request.routeOptions.config;
    const found = token === undefined ? undefined : await sessions.find(token, { isBackground });
    if (found?.renewed !== undefined) setToken(reply, found.renewed);
    if (proxySignIn === undefined) return found?.session;
    const identity = proxySignIn(request);
    // The proxy's word counts at each request: whoever it lets in no more is out.
    if (identity === undefined) return found?.session.way === 'proxy' ? undefined : found?.session;
    const { session } = found ?? {};
    if (session?.subject === identity.subject && session.role === identity.role) return session;
    const started = await sessions.start(identity);
    setToken(reply, started);
    return (await sessions.find(started))?.session;
  }

  app.decorateRequest('session', undefined);
  app.decorateReply('signIn', async function signIn(this: FastifyReply, identity) {
    await this.signOut();
    setToken(this, await sessions.start(identity));
  });
  app.decorateReply('isAllowedStill', async function isAllowedStill(this: FastifyReply) {
    const { session } = this.request;
    return session !== undefined && (await sessions.has(session.id));
  });
  app.decorateReply('signOut', async function signOut(this: FastifyReply) {
    const token = this.request.cookies[cookieName];
    const found = token === undefined ? undefined : await sessions.find(token);
    if (found) await sessions.end(found.session.id);
    this.clearCookie(cookieName, attributes);
  });

  // Later than the limits of requests, which are hooks of routes: whoever is limited costs no query.
  app.addHook('preParsing', async (request, reply) => {
    const role = request.routeOptions.config.role ?? 'viewer';
    if (isUnsafe(request)) checkOrigin(request, publicUrl);
    if (request.is404 || role === 'public') return;
    request.session = await findSession(request, reply);
    if (request.session === undefined) return askToSignIn(request, reply);
    if (!mayActAs(request.session.role, role)) {
      throw new ConsoleError(
        403,
        `This needs the role ${role}; you are ${request.session.role}`,
        'Whoever runs the console gives roles in its settings.',
      );
    }
  });

  // Before the body's schema, which keeps only what the page itself asks for.
  app.addHook('preValidation', async (request) => {
    if (!isUnsafe(request) || request.session === undefined) return;
    const { csrf } = (request.body ?? {}) as { csrf?: unknown };
    if (!isSame(csrf, request.session.csrf)) {
      throw new ConsoleError(
        403,
        'This form is of another session',
        'Nothing was done. Go back, load the page again, and send it anew.',
      );
    }
  });
}

/** Whoever asks; for routes that are not public. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === undefined) throw new Error('a public route has no session');
  return request.session;
}

function isUnsafe({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** Every browser says of a form where it stands. */
function checkOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const own = publicUrl === undefined ? `${request.protocol}://${request.host}` : new URL(publicUrl).origin;
  if (request.headers.origin !== own) {
    throw new ConsoleError(
      403,
      'This was not sent by a page of the console',
      `Nothing was done. If you did use a page of it: CONSOLE_URL must be the address that your browser shows.`,
    );
  }
}

function askToSignIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
  const back = isPage && request.headers['hx-request'] === undefined ? request.url : '/';
  const address = back === '/' ? '/sign-in' : `/sign-in?back=${encodeURIComponent(back)}`;
  // htmx follows no redirect of a whole page.
  if (request.headers['hx-request'] !== undefined)
    return reply.code(401).header('hx-redirect', address).send();
  if (!isPage) throw new ConsoleError(401, 'Your session is over', 'Sign in again. Nothing was done.');
  return reply.redirect(address, 303);
}

function isSame(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
