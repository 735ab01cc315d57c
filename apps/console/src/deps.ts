import type { Broker } from '@wbor/amqp';
import type { Namespace } from '@wbor/contracts';
import type { Database } from '@wbor/database';
import type { SenderNormaliser } from '@wbor/phone';
import type { StationClock } from '@wbor/station-clock';
import type { Kysely } from 'kysely';
import type { ActionLog } from './actions/action-log.ts';

/** What pages are made of. */
export interface PageDeps {
  readonly db: Kysely<Database>;
  /** @throws ConsoleError 503 while there is no connection to the broker. */
  readonly broker: () => Broker;
  readonly namespace: Namespace;
  readonly clock: StationClock;
  readonly normaliseSender: SenderNormaliser;
  /** Whatever is changed is written there, before or with the change. */
  readonly actions: ActionLog;
  /** Origins whose pictures may be shown. */
  readonly pictureOrigins: readonly string[];
}
