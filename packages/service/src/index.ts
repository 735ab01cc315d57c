export { brokerAddress, requireBroker } from './broker-address.ts';
export {
  brokerNamespace,
  brokerSettings,
  commonSettings,
  consoleUrlSetting,
  consumerSettings,
  databaseSettings,
} from './common-settings.ts';
export { describeSettings, type SettingDescription } from './describe-settings.ts';
export { compareEnvExample } from './env-example.ts';
export type { Health } from './health.ts';
export { explainListenError, ListenError } from './listen-error.ts';
export { createLogger, type Logger } from './logger.ts';
export { observeParked, observeQueues } from './queue-metrics.ts';
export { type Host, runService, type ServiceContext, type ServiceDefinition } from './run-service.ts';
export { Secret } from './secret.ts';
export { ConfigError, flag, list, number, parseConfig, port, secret } from './settings.ts';
export { trustProxySetting } from './trust-proxy.ts';
