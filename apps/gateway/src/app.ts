import { type FastifyInstance, fastify, LogController } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createCallbackMemory } from './callback-memory.ts';
import { createConfirmedPublish } from './confirmed-publish.ts';
import type { GatewayDeps } from './deps.ts';
import { CALLBACK_MEMORY_MS, MAX_BODY_BYTES, REMEMBERED_CALLBACKS, SPOOL_AFTER_MS } from './limits.ts';
import { createMetrics, observeSpool, observeTokens } from './metrics.ts';
import { addBodyParser } from './plugins/body-parser.ts';
import { addErrors, answerClientError, answerFrameworkError } from './plugins/errors.ts';
import { addGracefulClose } from './plugins/graceful-close.ts';
import { addOpenApi } from './plugins/openapi.ts';
import { addRateLimits } from './plugins/rate-limits.ts';
import { addRequestLog } from './plugins/request-log.ts';
import { addSecurityHeaders } from './plugins/security-headers.ts';
import { createSendAuth } from './plugins/send-auth.ts';
import { addTracing } from './plugins/tracing.ts';
import { botsPostRoutes } from './routes/bots-post.ts';
import { callbackRoutes } from './routes/callback.ts';
import { azuracastHook } from './routes/hooks/azuracast.ts';
import { endecHook } from './routes/hooks/endec.ts';
import { templatedHooks } from './routes/hooks/templated.ts';
import { twilioSmsHook } from './routes/hooks/twilio-sms.ts';
import { messageStatusRoutes } from './routes/message-status.ts';
import { referenceRoutes } from './routes/reference.ts';
import { rootRoutes } from './routes/root.ts';
import { sendRoutes } from './routes/send.ts';
import { createSecretCheck } from './secret-check.ts';
import { createAccept } from './spool/accept.ts';
import { startDrain } from './spool/drain.ts';

/** Builds the fastify app: plugins, then routes. Nothing is opened before `listen()`. */
export async function buildApp(deps: GatewayDeps): Promise<FastifyInstance> {
  const { settings } = deps;
  const app = fastify({
    // Fastify's own serializer of requests would log the URL.
    loggerInstance: deps.logger.child(
      {},
      { serializers: { req: (request: { method?: unknown }) => ({ method: request.method }) } },
    ),
    logController: new LogController({ disableRequestLogging: true }),
    // A request has one line, which needs no number to find others.
    childLoggerFactory: (logger) => logger,
    trustProxy: settings.trustProxy.length > 0 ? [...settings.trustProxy] : false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 15_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
    // What still comes over an open connection while we close is answered truly: the broker closes last.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A longer secret than the default of 100 would look like a wrong one.
    routerOptions: { maxParamLength: 1_024 },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // The types hold an answer to its schema already, and a check at each answer is a tenth of what a request costs us.
  app.setSerializerCompiler(() => JSON.stringify);
  // Fastify reads text/plain as well; here everything but JSON is 415.
  app.removeAllContentTypeParsers();
  addBodyParser(app, 'application/json');

  const metrics = createMetrics(deps.registry);
  observeTokens(deps.registry, settings.tokens);
  const { brokerReady } = deps;
  const publishWithin = (timeoutMs: number) =>
    createConfirmedPublish({ publish: deps.publish, brokerReady, timeoutMs, metrics });
  const publish = publishWithin(settings.publishTimeoutMs);
  const accept = deps.spool
    ? createAccept({ publish: publishWithin(SPOOL_AFTER_MS), spool: deps.spool, metrics })
    : publish;
  if (deps.spool) {
    const { logger, spool } = deps;
    const drain = startDrain({ spool, publish, brokerReady, logger });
    app.addHook('onClose', () => drain.stop());
    observeSpool(deps.registry, spool);
  }
  const memory = createCallbackMemory({ maxIds: REMEMBERED_CALLBACKS, maxAgeMs: CALLBACK_MEMORY_MS });

  addGracefulClose(app);
  addTracing(app);
  addRequestLog(app, metrics);
  addSecurityHeaders(app);
  const limits = await addRateLimits(app, settings.rateLimits);
  addErrors(app, limits);
  await addOpenApi(app);

  await app.register(rootRoutes);
  const authenticate = createSendAuth({
    isPassword: createSecretCheck(settings.password),
    tokens: settings.tokens,
    limits,
  });
  const { replies, states } = deps;
  // Who waits for the relay is told how far it is, and not cut off.
  app.addHook('preClose', async () => replies.close());
  await app.register(messageStatusRoutes, { authenticate, states });
  await app.register(sendRoutes, {
    authenticate,
    replies,
    states,
    publish,
    accept: settings.spoolSend ? accept : publish,
  });
  await app.register(botsPostRoutes, { tokens: settings.tokens, limits, accept, metrics });
  const forHooks = { tokens: settings.tokens, limits, accept };
  await app.register(azuracastHook, forHooks);
  await app.register(endecHook, forHooks);
  await app.register(twilioSmsHook, { settings, accept });
  await app.register(templatedHooks, { ...forHooks, hooks: settings.hooks });
  await app.register(callbackRoutes, { settings, memory, accept, metrics });
  await app.register(referenceRoutes);
  return app;
}
