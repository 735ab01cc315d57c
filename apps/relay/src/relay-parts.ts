import type { Broker } from '@wbor/amqp';
import type { Namespace } from '@wbor/contracts';
import type { GroupMeClient } from '@wbor/groupme';
import type { RelayConfig } from './config.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Bans } from './moderation/bans.ts';
import type { AuditEvents } from './notify/audit-events.ts';
import type { NotPosted } from './notify/not-posted.ts';
import type { ProducerNotifier } from './notify/producer.ts';
import type { ProgressTeller } from './notify/progress.ts';
import type { Outbox } from './outbox.ts';
import type { Parker } from './park.ts';

/** What both stages are built on; `start.ts` makes it. */
export interface RelayParts {
  readonly config: RelayConfig;
  readonly namespace: Namespace;
  readonly botId: string;
  readonly broker: Broker;
  readonly groupme: GroupMeClient;
  readonly outbox: Outbox;
  readonly audit: AuditEvents;
  readonly producer: ProducerNotifier;
  readonly progress: ProgressTeller;
  readonly notPosted: NotPosted;
  readonly parker: Parker;
  readonly bans: Bans;
  readonly metrics: RelayMetrics;
}
