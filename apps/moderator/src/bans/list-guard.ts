import {
  type BanList,
  type BanListState,
  banListMessage,
  banListState,
  MAX_BAN_LIST_LEAD_MS,
  readMessage,
} from '@wbor/contracts';
import type { Database } from '@wbor/database';
import type { Logger } from '@wbor/service';
import type { Kysely } from 'kysely';
import { idFor } from '../ids.ts';
import type { ModeratorMetrics } from '../metrics.ts';
import { addOnceToOutbox } from '../replies/outbox.ts';
import { chatMessage } from '../replies/outgoing.ts';
import { lockBanList, raiseVersion, readBanList } from './ban-list.ts';
import { isForeign, type RelayStates } from './relay-states.ts';

/** Sees to it that relays enforce our list and no other, as long as the broker lets others publish one. */
export interface ListGuard {
  /** Takes what was published as a ban list, by whomever. */
  hearList(content: Buffer): void;
  /** Takes what a relay tells of its list. */
  hearState(content: Buffer): void;
  /**
   * Looks into what was heard since, and puts our list above one that is not ours.
   *
   * @returns whether our list must be published again.
   * @throws whatever says that Postgres cannot do it now; what was heard is looked into next time.
   */
  check(): Promise<boolean>;
}

/** Each is looked into by one query for all of them; a flood of lists is foreign as a whole. */
const MAX_SUSPICIOUS = 50;

/** A version that a relay enforces, or a list with its bans. */
type Heard = Pick<BanList, 'version'> & Partial<BanList>;

export function createListGuard(options: {
  readonly db: Kysely<Database>;
  readonly states: RelayStates;
  readonly metrics: ModeratorMetrics;
  readonly logger: Logger;
  /** Called when there is something to look into. */
  readonly onSuspicion: () => void;
}): ListGuard {
  const { db, logger, metrics, states } = options;
  /** What is known to be ours, as it came: most lists are repetitions. */
  let genuine: Buffer | undefined;
  let suspicious: { readonly heard: Heard; readonly content: Buffer | undefined }[] = [];
  let isRefused = false;

  function suspect(heard: Heard, content?: Buffer): void {
    const nowMs = Date.now();
    if (heard.version > nowMs + MAX_BAN_LIST_LEAD_MS) {
      reportForeign(heard.version, nowMs);
      return;
    }
    suspicious = [...suspicious.slice(1 - MAX_SUSPICIOUS), { heard, content }];
    options.onSuspicion();
  }

  function reportForeign(version: number, nowMs: number): void {
    metrics.foreignBanLists.inc();
    states.foreign(version, nowMs);
    logger.error({ version }, 'somebody else has published a ban list; relays are given ours again');
  }

  return {
    hearList(content) {
      if (genuine?.equals(content)) return;
      const reading = readMessage(banListMessage, { content });
      if (reading.ok) suspect(reading.value, content);
    },
    hearState(content) {
      const state = readState(content);
      if (state === undefined) return;
      states.told(state, Date.now());
      if (state.version !== null) suspect({ version: state.version });
      if (state.refused && state.refused.reason !== 'old') {
        isRefused = true;
        options.onSuspicion();
      }
    },
    async check() {
      const looked = suspicious;
      const now = new Date();
      // Ours is committed before it is published, so what is read after a list was heard is not older than that list.
      const own = await readBanList(db, now);
      states.published(own.version, Date.now());
      // A relay may as well have refused garbage of somebody else: what counts is whether it has our list.
      const missing = isRefused ? states.describeMissing(Date.now()) : undefined;
      if (missing !== undefined) await tellTheChat(db, own.version, missing);
      isRefused = false;
      const foreign = looked
        .filter(({ heard }) => isForeign(heard, own, now))
        .map(({ heard }) => heard.version);
      if (foreign.length > 0) {
        for (const version of foreign) reportForeign(version, now.getTime());
        await db.transaction().execute(async (transaction) => {
          await lockBanList(transaction);
          await raiseVersion(transaction, Math.max(...foreign));
        });
      } else {
        genuine = looked.findLast(({ heard }) => heard.version === own.version)?.content ?? genuine;
      }
      suspicious = suspicious.filter((later) => !looked.includes(later));
      return foreign.length > 0;
    },
  };
}

function readState(content: Buffer): BanListState | undefined {
  const reading = readMessage(banListState, { content });
  return reading.ok ? reading.value : undefined;
}

/** The command that made this version was answered before a relay refused it. Said once a version. */
async function tellTheChat(db: Kysely<Database>, version: number, text: string): Promise<void> {
  await addOnceToOutbox(db, chatMessage(idFor('not-taken', String(version)), text));
}
