import type { Database } from '@wbor/database';
import type { Kysely } from 'kysely';
import type { Session } from '../auth/session-store.ts';

/** What somebody did here. Neither numbers nor words of messages belong into it: `forget` does not look for them here. */
interface Action {
  /** For example `parked.replay`. */
  readonly action: string;
  /** What it was done to: an id of a message, a name of a source. */
  readonly target: string;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface ActionLog {
  /** @throws what the database throws: then what was asked for is not to be done. */
  add(who: Pick<Session, 'subject' | 'name' | 'role'>, action: Action): Promise<void>;
}

export function createActionLog(db: Kysely<Database>): ActionLog {
  return {
    async add({ name, role, subject }, { action, detail = {}, target }) {
      await db
        .insertInto('console_actions')
        .values({ subject, name, role, action, target, detail: JSON.stringify(detail) })
        .execute();
    },
  };
}
