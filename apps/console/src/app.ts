import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { readAssets } from './assets.ts';
import type { ProxySignIn } from './auth/proxy-sign-in.ts';
import type { SessionStore } from './auth/session-store.ts';
import type { PageDeps } from './deps.ts';
import { ConsoleError } from './errors.ts';
import type { HealthWatch } from './health/look.ts';
import type { LiveFeed } from './live/live-feed.ts';
import { accountRoutes } from './pages/account.ts';
import { bansRoutes } from './pages/bans/route.ts';
import { messageRoutes } from './pages/message/route.ts';
import { messagesRoutes } from './pages/messages/route.ts';
import { nowRoutes } from './pages/now/route.ts';
import { parkedRoutes } from './pages/parked/route.ts';
import { type SignInOptions, signInRoutes } from './pages/sign-in.ts';
import { sourcesRoutes } from './pages/sources/route.ts';
import { statisticsRoutes } from './pages/statistics/route.ts';
import { addErrors } from './plugins/errors.ts';
import { addPages } from './plugins/pages.ts';
import { addSecurityHeaders } from './plugins/security-headers.ts';
import { addSessions } from './plugins/sessions.ts';

export interface AppOptions {
  readonly deps: PageDeps;
  readonly feed: LiveFeed;
  readonly health: HealthWatch;
  readonly sessions: SessionStore;
  readonly sessionSeconds: number;
  readonly signIn: SignInOptions;
  readonly proxySignIn: ProxySignIn | undefined;
  readonly trustProxy: readonly string[];
  readonly logger: FastifyBaseLogger;
}

/** A parked message may have a megabyte, and an edited one comes back as a form. */
const MAX_BODY_BYTES = 4_000_000;
/** Pages, and pieces of them, of one address. */
const REQUESTS_A_MINUTE = 600;

/** Builds the fastify app: plugins, then pages. Nothing is opened before `listen()`. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { deps, signIn } = options;
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    trustProxy: options.trustProxy.length > 0 ? [...options.trustProxy] : false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1_024 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  app.removeAllContentTypeParsers();
  await app.register(formbody, { bodyLimit: MAX_BODY_BYTES });

  addSecurityHeaders(app, deps.pictureOrigins);
  await app.register(rateLimit, {
    max: REQUESTS_A_MINUTE,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { ttl }) =>
      new ConsoleError(429, 'Too many pages in a minute', `Try again in ${Math.ceil(ttl / 1000)} seconds.`),
  });
  addErrors(app);
  await addSessions(app, {
    sessions: options.sessions,
    publicUrl: signIn.publicUrl,
    proxySignIn: options.proxySignIn,
    maxAgeSeconds: options.sessionSeconds,
  });
  addPages(app, { assets: readAssets(), timeZone: deps.clock.timeZone });

  await app.register(signInRoutes, signIn);
  await app.register(nowRoutes, { deps, feed: options.feed, health: options.health });
  await app.register(parkedRoutes, { deps });
  await app.register(accountRoutes, { deps, sessions: options.sessions });
  await app.register(messagesRoutes, { deps });
  await app.register(messageRoutes, { deps });
  await app.register(sourcesRoutes, { deps, health: options.health });
  await app.register(statisticsRoutes, { deps });
  await app.register(bansRoutes, { deps });
  return app;
}
