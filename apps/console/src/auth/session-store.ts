import { createHmac, hash, randomBytes } from 'node:crypto';
import type { Database } from '@wbor/database';
import type { Kysely } from 'kysely';
import type { Role } from './roles.ts';

/** How somebody has signed in. */
export type SignInWay = 'password' | 'oidc' | 'proxy';

/** Somebody who has signed in. */
export interface Session {
  /** Names the session in pages and logs; tells nothing of its token. */
  readonly id: string;
  /** Who it is: the same at each sign-in. */
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  readonly way: SignInWay;
  /** Each form of this session carries it. */
  readonly csrf: string;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
}

export interface SessionStore {
  /** @returns the token for the cookie, which is stored nowhere. */
  start(who: Pick<Session, 'subject' | 'name' | 'role' | 'way'>): Promise<string>;
  /**
   * @param how.isBackground what a page asks for by itself: it neither keeps a session alive nor renews its token.
   * @returns undefined for a token that is unknown, ended or over its time; `renewed` is a new token for the cookie.
   */
  find(
    token: string,
    how?: { readonly isBackground?: boolean },
  ): Promise<{ readonly session: Session; readonly renewed?: string } | undefined>;
  /** Whether a session that was found before has neither ended nor run out meanwhile. */
  has(id: string): Promise<boolean>;
  list(): Promise<Session[]>;
  end(id: string): Promise<void>;
}

const TOKEN_BYTES = 32;
const MINUTE_MS = 60_000;
const IDLE_MS = 120 * MINUTE_MS;
/** So old a token is replaced; the old one counts a little longer, for what is under way. */
const RENEW_AFTER_MS = 60 * MINUTE_MS;
const OVERLAP_MS = MINUTE_MS;

/**
 * Sessions in Postgres: any replica knows them, and whoever ends one ends it at once. Of a token its HMAC is stored, so that
 * nobody who reads the table can be somebody else.
 *
 * @param options.rules how people sign in and which roles they have, as a text: no session outlives a change of it.
 */
export function createSessionStore(
  db: Kysely<Database>,
  options: { readonly maxAgeMs: number; readonly rules: string; readonly now?: () => number },
): SessionStore {
  const now = options.now ?? Date.now;
  const key = hash('sha256', options.rules, 'buffer');
  const hashOf = (token: string): Buffer => createHmac('sha256', key).update(token).digest();

  /** Those that have not run out. */
  function current() {
    return db
      .selectFrom('console_sessions')
      .selectAll()
      .where('expires_at', '>', new Date(now()))
      .where('last_seen_at', '>', new Date(now() - IDLE_MS));
  }

  /** Keeps the session and gives it another token. */
  async function renew(tokenHash: Buffer): Promise<string | undefined> {
    const token = newToken();
    const at = new Date(now());
    const { numUpdatedRows } = await db
      .updateTable('console_sessions')
      .set({
        token_hash: hashOf(token),
        renewed_at: at,
        previous_hash: tokenHash,
        previous_until: new Date(now() + OVERLAP_MS),
      })
      // Of two requests at once the first renews it.
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return numUpdatedRows === 1n ? token : undefined;
  }

  return {
    async start({ name, role, subject, way }) {
      const token = newToken();
      const at = new Date(now());
      await db.deleteFrom('console_sessions').where('expires_at', '<', at).execute();
      await db
        .insertInto('console_sessions')
        .values({
          token_hash: hashOf(token),
          subject,
          name,
          role,
          way,
          csrf: newToken(),
          started_at: at,
          renewed_at: at,
          last_seen_at: at,
          expires_at: new Date(now() + options.maxAgeMs),
        })
        .execute();
      return token;
    },

    async find(token, { isBackground = false } = {}) {
      const tokenHash = hashOf(token);
      const at = new Date(now());
      const row = await current()
        .where((where) =>
          where.or([
            where('token_hash', '=', tokenHash),
            where.and([where('previous_hash', '=', tokenHash), where('previous_until', '>', at)]),
          ]),
        )
        .executeTakeFirst();
      if (row === undefined) return undefined;
      if (isBackground) return { session: toSession(row) };
      if (now() - row.last_seen_at.getTime() > MINUTE_MS) {
        await db.updateTable('console_sessions').set({ last_seen_at: at }).where('id', '=', row.id).execute();
      }
      const isDue = row.token_hash.equals(tokenHash) && now() - row.renewed_at.getTime() > RENEW_AFTER_MS;
      const renewed = isDue ? await renew(tokenHash) : undefined;
      return { session: toSession(row), ...(renewed === undefined ? {} : { renewed }) };
    },

    async has(id) {
      return (await current().where('id', '=', id).executeTakeFirst()) !== undefined;
    },

    async list() {
      return (await current().orderBy('last_seen_at', 'desc').execute()).map(toSession);
    },

    async end(id) {
      await db.deleteFrom('console_sessions').where('id', '=', id).execute();
    },
  };
}

function toSession(row: {
  readonly id: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  readonly way: SignInWay;
  readonly csrf: string;
  readonly started_at: Date;
  readonly last_seen_at: Date;
}): Session {
  const { csrf, id, last_seen_at, name, role, started_at, subject, way } = row;
  return { id, subject, name, role, way, csrf, startedAt: started_at, lastSeenAt: last_seen_at };
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}
