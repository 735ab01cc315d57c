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

const MAX_LENGTH = 256;

/** A target may be a stranger's text of any length, and half a character or a NUL would keep the row out of Postgres. */
export function storable(text: string): string {
  return text.slice(0, MAX_LENGTH).toWellFormed().replaceAll('\u0000', '\ufffd');
}

export function createActionLog(db: Kysely<Database>): ActionLog {
  return {
    async add({ name, role, subject }, { action, detail = {}, target }) {
      const said = Object.entries(detail).map(([key, value]) => [
        key,
        typeof value === 'string' ? storable(value) : value,
      ]);
      await db
        .insertInto('console_actions')
        .values({
          subject,
          name,
          role,
          action,
          target: storable(target),
          detail: JSON.stringify(Object.fromEntries(said)),
        })
        .execute();
    },
  };
}
