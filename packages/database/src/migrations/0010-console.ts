import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Who has signed in to the console, and what was done there. Adds only. */
export const consoleTables: Migration = {
  async up(db) {
    await sql`
      create table console_sessions (
        id bigint generated always as identity primary key,
        token_hash bytea not null unique,
        previous_hash bytea unique,
        previous_until timestamptz,
        subject text not null,
        name text not null,
        role text not null check (role in ('viewer', 'moderator', 'operator')),
        way text not null check (way in ('password', 'oidc', 'proxy')),
        csrf text not null,
        started_at timestamptz not null,
        renewed_at timestamptz not null,
        last_seen_at timestamptz not null,
        expires_at timestamptz not null)
    `.execute(db);
    await sql`
      create table console_actions (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        subject text not null,
        name text not null,
        role text not null,
        action text not null,
        target text not null,
        detail jsonb not null)
    `.execute(db);
    await sql`create index console_actions_target on console_actions (target)`.execute(db);
  },
};
