import { auditLoggerSettings } from '@wbor/audit-logger/config';
import { consoleSettings } from '@wbor/console/config';
import {
  auditEventsQueue,
  auditParkedQueue,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorRequestsQueue,
  moderatorSmsCommandsQueue,
  type Party,
  type QueueDefinition,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  relayParkedQueue,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import { gatewaySettings } from '@wbor/gateway/config';
import { moderatorSettings } from '@wbor/moderator/config';
import { relaySettings } from '@wbor/relay/config';

export const serviceNames = ['relay', 'gateway', 'audit-logger', 'moderator', 'console'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What the doctor knows of a service. */
export interface ServiceFacts {
  readonly settings:
    | typeof relaySettings
    | typeof gatewaySettings
    | typeof auditLoggerSettings
    | typeof moderatorSettings
    | typeof consoleSettings;
  /** What it is called where the contracts say who publishes; undefined: it publishes nothing. */
  readonly publishesAs: Party | undefined;
  /** What it reads while it runs. */
  readonly consumedQueues: readonly QueueDefinition[];
  readonly parkedQueue: QueueDefinition | undefined;
}

export const serviceFacts: Readonly<Record<ServiceName, ServiceFacts>> = {
  relay: {
    settings: relaySettings,
    publishesAs: 'relay',
    consumedQueues: [relayTwilioQueue, relayStandardQueue, relayOutboxQueue, relayOutboxUrgentQueue],
    parkedQueue: relayParkedQueue,
  },
  gateway: {
    settings: gatewaySettings,
    publishesAs: 'gateway',
    consumedQueues: [],
    parkedQueue: undefined,
  },
  'audit-logger': {
    settings: auditLoggerSettings,
    publishesAs: undefined,
    consumedQueues: [auditEventsQueue],
    parkedQueue: auditParkedQueue,
  },
  moderator: {
    settings: moderatorSettings,
    publishesAs: 'moderator',
    consumedQueues: [moderatorCallbacksQueue, moderatorSmsCommandsQueue, moderatorRequestsQueue],
    parkedQueue: moderatorParkedQueue,
  },
  console: {
    settings: consoleSettings,
    publishesAs: 'console',
    consumedQueues: [],
    parkedQueue: undefined,
  },
};
