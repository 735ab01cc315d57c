export type { Logger } from 'pino';
export { brokerSettings, brokerUrl, commonSettings, requireBroker } from './common-settings.ts';
export { compareEnvExample } from './env-example.ts';
export { explainListenError, ListenError } from './listen-error.ts';
export { createLogger } from './logger.ts';
export { pauseFor } from './pause.ts';
export { type Host, runService, type ServiceContext, type ServiceDefinition } from './run-service.ts';
export { Secret } from './secret.ts';
export { ConfigError, describeSettings, flag, list, number, parseConfig, port, secret } from './settings.ts';
