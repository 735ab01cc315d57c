import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** That a person's data was removed, and how much: neither whose, nor anything that could be guessed from. Adds only. */
export const removals: Migration = {
  async up(db) {
    await sql`
      create table audit_removals (
        id bigint generated always as identity primary key,
        removed_at timestamptz not null default now(),
        removed_by text not null default session_user,
        rows jsonb not null,
        messages jsonb not null,
        ban text not null check (ban in ('none', 'kept', 'lifted')))
    `.execute(db);
  },
};
