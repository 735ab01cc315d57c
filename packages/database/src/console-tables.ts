import type { ColumnType, Generated } from 'kysely';

/** Somebody who has signed in to the console. */
export interface ConsoleSessionsTable {
  id: Generated<string>;
  /** SHA-256 of the token in the cookie, which is stored nowhere. */
  token_hash: Buffer;
  /** Of the token before it, which counts until `previous_until`. */
  previous_hash: Generated<Buffer | null>;
  previous_until: ColumnType<Date | null, Date | null | undefined, Date | null>;
  subject: string;
  name: string;
  role: 'viewer' | 'moderator' | 'operator';
  way: 'password' | 'oidc' | 'proxy';
  csrf: string;
  started_at: ColumnType<Date, Date, never>;
  renewed_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

/** What somebody did in the console; rows are only added. */
export interface ConsoleActionsTable {
  id: Generated<string>;
  at: ColumnType<Date, never, never>;
  subject: string;
  name: string;
  role: string;
  action: string;
  target: string;
  detail: ColumnType<Record<string, unknown>, string, never>;
}
