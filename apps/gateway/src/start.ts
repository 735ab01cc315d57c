import { type Broker, connectBroker, PublishError, type ReplyQueue, startQueueWatch } from '@wbor/amqp';
import {
  auditEventsQueue,
  declaredQueues,
  deriveTopology,
  postEvent,
  queueName,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import {
  brokerAddress,
  brokerNamespace,
  explainListenError,
  observeQueues,
  type ServiceContext,
} from '@wbor/service';
import { buildApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { PUBLISH_TIMEOUT_MS } from './limits.ts';
import { createMessageStates } from './outcomes/message-states.ts';
import { createRelayReplies } from './outcomes/relay-replies.ts';
import { createStateStore } from './outcomes/state-store.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import { readHooksFile } from './templates/hook-templates.ts';
import { noTokens, openTokenStore } from './tokens/token-store.ts';
import { warnAboutSettings } from './warnings.ts';

/**
 * Opens the HTTP port, then the broker. In this order, because a taken port is then said at once, and while
 * the broker is away callers get an honest 503 instead of a closed port.
 */
export async function startGateway(config: GatewayConfig, context: ServiceContext): Promise<void> {
  const { health, logger, onStop, registry } = context;
  warnAboutSettings(config, logger);

  const tokens = config.TOKENS_FILE === undefined ? noTokens : openTokenStore(config.TOKENS_FILE, logger);
  onStop('tokens', () => tokens.close());
  health.addNotice('tokens', () => tokens.fault);

  const hooks = config.HOOKS_FILE === undefined ? new Map<string, never>() : readHooksFile(config.HOOKS_FILE);

  const spool =
    config.SPOOL_FILE === undefined ? undefined : openSpool(config.SPOOL_FILE, config.SPOOL_MAX_BYTES);
  onStop('spool', () => spool?.close());
  health.addNotice('spool', () => spool && describeSpool(spool));

  let broker: Broker | undefined;
  let replyQueue: ReplyQueue | undefined;
  const replies = createRelayReplies(() => replyQueue?.name);
  const store = spool && createStateStore(spool.database);
  onStop('states', () => store?.close());
  const states = createMessageStates(store);
  // Registered before the HTTP server, hence closed after it: what is in flight still gets its confirm.
  onStop('broker', () => broker?.close());
  health.addCheck('broker', () => {
    return broker ? broker.reason : 'not connected to the broker yet';
  });

  const app = await buildApp({
    settings: {
      password: config.APP_PASSWORD,
      tokens,
      callbackSecret: config.GROUPME_CALLBACK_SECRET,
      twilioAuthToken: config.TWILIO_AUTH_TOKEN,
      publicUrl: config.PUBLIC_URL,
      hooks,
      spoolSend: config.SPOOL_SEND,
      openCallback: config.ALLOW_OPEN_CALLBACK,
      botId: config.GROUPME_BOT_ID,
      trustProxy: config.TRUST_PROXY,
      rateLimits: {
        send: config.RATE_LIMIT_SEND,
        refused: config.RATE_LIMIT_REFUSED,
        public: config.RATE_LIMIT_PUBLIC,
      },
      publishTimeoutMs: PUBLISH_TIMEOUT_MS,
    },
    logger,
    registry,
    publish: async (definition, body, options) => {
      if (!broker) throw new PublishError('DISCONNECTED', 'not connected to the broker yet');
      await broker.publish(definition, body, options);
    },
    spool,
    replies,
    states,
    brokerReady: () => broker?.canPublish ?? false,
  });
  onStop('http', () => app.close());
  await app.listen({ host: config.APP_HOST, port: config.APP_PORT }).catch((error: unknown) => {
    throw explainListenError(error, config.APP_PORT, 'APP_PORT');
  });

  broker = await connectBroker({
    ...brokerAddress(config),
    appId: 'gateway',
    // Queues of others are declared too: what is accepted is kept if its taker comes up later, and a queue of
    // somebody else that happens to get everything does not pass for the relay's.
    topology: deriveTopology(declaredQueues.gateway, brokerNamespace(config), 'gateway'),
    logger,
    confirmTimeoutMs: PUBLISH_TIMEOUT_MS,
  });
  replyQueue = await broker.openReplyQueue({ onReply: replies.hear });
  await broker.listen({ pattern: postEvent.key, onMessage: states.hear });
  const nameOf = (queue: Parameters<typeof queueName>[0]): string =>
    queueName(queue, brokerNamespace(config));
  const watch = startQueueWatch(
    {
      broker,
      queues: [
        { queue: nameOf(relayStandardQueue), consumer: 'relay', isNeeded: true },
        { queue: nameOf(relayTwilioQueue), consumer: 'relay' },
        { queue: nameOf(auditEventsQueue), consumer: 'audit-logger' },
      ],
    },
    context,
  );
  observeQueues(registry, () => watch.sights);
}

function describeSpool({ depth, oldestAt }: Spool): string | undefined {
  if (depth === 0 || oldestAt === undefined) return undefined;
  const seconds = Math.max(0, Math.round((Date.now() - oldestAt) / 1_000));
  return `messages wait in the spool: ${depth}, the oldest for ${seconds} s`;
}
