import { auditLoggerSettings } from '@wbor/audit-logger/config';
import {
  auditEventsQueue,
  auditParkedQueue,
  auditQueues,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorQueues,
  moderatorSmsCommandsQueue,
  type Party,
  type QueueDefinition,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import { gatewaySettings } from '@wbor/gateway/config';
import { moderatorSettings } from '@wbor/moderator/config';
import { relaySettings } from '@wbor/relay/config';

export const serviceNames = ['relay', 'gateway', 'audit-logger', 'moderator'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What the doctor knows of a service. */
export interface ServiceFacts {
  readonly settings:
    | typeof relaySettings
    | typeof gatewaySettings
    | typeof auditLoggerSettings
    | typeof moderatorSettings;
  /** What it is called where the contracts say who publishes; undefined: it publishes nothing. */
  readonly publishesAs: Party | undefined;
  /** What it declares at its start, its own queues and those of others. */
  readonly declaredQueues: readonly QueueDefinition[];
  /** What it reads while it runs. */
  readonly consumedQueues: readonly QueueDefinition[];
  readonly parkedQueue: QueueDefinition | undefined;
}

export const serviceFacts: Readonly<Record<ServiceName, ServiceFacts>> = {
  relay: {
    settings: relaySettings,
    publishesAs: 'relay',
    declaredQueues: [...relayQueues, ...auditQueues],
    consumedQueues: [relayTwilioQueue, relayStandardQueue, relayOutboxQueue, relayOutboxUrgentQueue],
    parkedQueue: relayParkedQueue,
  },
  gateway: {
    settings: gatewaySettings,
    publishesAs: 'gateway',
    declaredQueues: [relayParkedQueue, relayStandardQueue, relayTwilioQueue, ...auditQueues],
    consumedQueues: [],
    parkedQueue: undefined,
  },
  'audit-logger': {
    settings: auditLoggerSettings,
    publishesAs: undefined,
    declaredQueues: auditQueues,
    consumedQueues: [auditEventsQueue],
    parkedQueue: auditParkedQueue,
  },
  moderator: {
    settings: moderatorSettings,
    publishesAs: 'moderator',
    declaredQueues: [...moderatorQueues, relayParkedQueue, relayStandardQueue, ...auditQueues],
    consumedQueues: [moderatorCallbacksQueue, moderatorSmsCommandsQueue],
    parkedQueue: moderatorParkedQueue,
  },
};
