export {
  connectAmqp,
  type ExchangeSpy,
  publishRaw,
  type SpiedMessage,
  spyOnExchange,
} from './amqp.ts';
export {
  publishFrames,
  type WireProperties,
  wireNested,
  wireTable,
  wireText,
  wireValue,
} from './amqp-frames.ts';
export {
  type ClusterNode,
  type ClusterStartOptions,
  startCluster,
  type TestCluster,
} from './broker/cluster.ts';
export type { Partition } from './broker/cluster-network.ts';
export { startBroker } from './broker/start-broker.ts';
export type { BrokerStartOptions, NewUser, TestBroker } from './broker/types.ts';
export { type KeyPair, makeCertificates } from './certificates.ts';
export { ensureChromium } from './chromium.ts';
export { messageOf, TestkitError, type TestkitErrorCode } from './errors.ts';
export { freePort, lastingPort } from './free-port.ts';
export {
  type HandlerMap,
  type HttpRecorder,
  type RecordedRequest,
  type RequestHandler,
  serveBytes,
  serveEndlessly,
  serveJson,
  serveNothing,
  serveRedirect,
  serveSlowly,
  startHttpServer,
} from './http-recorder.ts';
export { listenerPhoto } from './listener-photo.ts';
export { createNamespace, deleteNamespace } from './namespace.ts';
export { createDatabase, ensureTemplate } from './postgres/databases.ts';
export { type DebianPostgres, startDebianPostgres } from './postgres/debian.ts';
export { explainQueries } from './postgres/explain.ts';
export { startPgbouncer } from './postgres/pgbouncer.ts';
export { startPostgres } from './postgres/start-postgres.ts';
export type { PostgresStartOptions, TestDatabase, TestPostgres } from './postgres/types.ts';
export { startTimeOf } from './process/is-running.mjs';
export { removeFolderAtEnd, spawnKept } from './process/keep.ts';
export { runCommand } from './process/run-command.ts';
export {
  type LogLine,
  type ServiceExit,
  type ServiceProcess,
  type SpawnServiceOptions,
  spawnService,
} from './process/spawn-service.ts';
export { repoRoot } from './repo-root.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { unpackPackages } from './unpack-packages.ts';
export type { ProvidedContext } from './vitest/provided-context.ts';
export { type WaitOptions, waitFor } from './wait.ts';
