import proxyAddr from '@fastify/proxy-addr';
import { type Broker, connectBroker } from '@wbor/amqp';
import { declaredQueues, deriveTopology } from '@wbor/contracts';
import { openDatabase } from '@wbor/database';
import { createSenderNormaliser } from '@wbor/phone';
import { brokerAddress, brokerNamespace, explainListenError, type ServiceContext } from '@wbor/service';
import { createStationClock } from '@wbor/station-clock';
import { createActionLog } from './actions/action-log.ts';
import { buildApp } from './app.ts';
import { createOidcSignIn } from './auth/oidc.ts';
import { createPasswordSignIn } from './auth/password-sign-in.ts';
import { createProxySignIn } from './auth/proxy-sign-in.ts';
import { createSessionStore } from './auth/session-store.ts';
import { signInRules } from './auth/sign-in-rules.ts';
import type { ConsoleConfig } from './config.ts';
import type { PageDeps } from './deps.ts';
import { ConsoleError } from './errors.ts';
import { watchHealth } from './health/look.ts';
import { createBannedSenders } from './live/banned-senders.ts';
import { createLiveFeed } from './live/live-feed.ts';
import { loadLatest } from './live/load-latest.ts';
import { loadBans } from './pages/bans/queries.ts';
import { liveChange, liveList } from './pages/now/view.ts';

const MAX_CONNECTIONS = 10;
const HOUR_MS = 3_600_000;

/** Opens the port at once, then the broker and Postgres: while one of them is away, pages say so. */
export async function startConsole(config: ConsoleConfig, context: ServiceContext): Promise<void> {
  const { health, logger, onStop } = context;
  let broker: Broker | undefined;

  const { db, migrate } = openDatabase({
    url: config.DATABASE_URL.reveal(),
    applicationName: 'console',
    maxConnections: MAX_CONNECTIONS,
    symptom: 'Postgres does not answer',
    logLine: 'Postgres does not answer; no page can be made',
    logger,
    health,
    onStop,
  });
  onStop('broker', () => broker?.close());
  health.addCheck('broker', () => (broker ? broker.reason : 'not connected to the broker yet'));

  const roles = { viewers: config.VIEWERS, moderators: config.MODERATORS, operators: config.OPERATORS };
  const deps: PageDeps = {
    db,
    broker() {
      if (broker === undefined) throw new ConsoleError(503, 'The broker is away', 'Try again in a minute.');
      return broker;
    },
    namespace: brokerNamespace(config),
    clock: createStationClock(config.STATION_TIME_ZONE),
    normaliseSender: createSenderNormaliser(config.STATION_COUNTRY),
    actions: createActionLog(db),
    pictureOrigins: config.PICTURE_ORIGINS,
  };
  const banned = createBannedSenders({
    load: async () => (await loadBans(db, new Date())).map(({ sender }) => sender),
    normaliseSender: deps.normaliseSender,
    onChange: () => feed.tellAll(),
    logger,
  });
  onStop('bans', () => banned.stop());
  const feed = createLiveFeed({
    isBanned: (sender) => banned.has(sender),
    loadLatest: () => loadLatest(db),
    list: (messages) => liveList(messages, deps.clock),
    change: (heard) => liveChange(heard, deps.clock),
    logger,
  });
  const watch = watchHealth(config.SERVICES, logger);
  onStop('looks at the services', () => watch.stop());
  const app = await buildApp({
    deps,
    feed,
    health: watch,
    sessions: createSessionStore(db, {
      maxAgeMs: config.SESSION_HOURS * HOUR_MS,
      rules: signInRules(config),
    }),
    sessionSeconds: Math.ceil(config.SESSION_HOURS * 3_600),
    signIn: {
      password:
        config.CONSOLE_PASSWORD &&
        createPasswordSignIn(config.CONSOLE_PASSWORD, config.CONSOLE_PASSWORD_ROLE),
      oidc:
        config.OIDC_ISSUER === undefined || config.OIDC_CLIENT_ID === undefined
          ? undefined
          : createOidcSignIn({
              issuer: config.OIDC_ISSUER,
              clientId: config.OIDC_CLIENT_ID,
              clientSecret: config.OIDC_CLIENT_SECRET?.reveal(),
              scopes: config.OIDC_SCOPES,
              groupsClaim: config.OIDC_GROUPS_CLAIM,
              redirectUrl: `${config.CONSOLE_URL}/sign-in/oidc/back`,
              roles,
            }),
      publicUrl: config.CONSOLE_URL,
    },
    proxySignIn:
      config.PROXY_USER_HEADER === undefined
        ? undefined
        : createProxySignIn({
            userHeader: config.PROXY_USER_HEADER,
            groupsHeader: config.PROXY_GROUPS_HEADER,
            isTrusted: proxyAddr.compile([...config.TRUST_PROXY]),
            roles,
          }),
    trustProxy: config.TRUST_PROXY,
    logger,
  });
  onStop('http', async () => {
    feed.close();
    await app.close();
  });
  await app.listen({ host: config.CONSOLE_HOST, port: config.CONSOLE_PORT }).catch((error: unknown) => {
    throw explainListenError(error, config.CONSOLE_PORT, 'CONSOLE_PORT');
  });

  async function connect(): Promise<void> {
    broker = await connectBroker({
      ...brokerAddress(config),
      appId: 'console',
      topology: deriveTopology(declaredQueues.console, deps.namespace),
      logger,
    });
  }
  await Promise.all([connect(), migrate().then(() => banned.start())]);
  await feed.listen(deps.broker(), onStop);
}
