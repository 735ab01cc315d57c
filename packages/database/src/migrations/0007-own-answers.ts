import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { countPosts } from './0003-moderation.ts';

/**
 * A producer may say that its source is `command`, and its messages are messages: only what the moderator has promised to
 * publish is an answer of its own. What was stored before stays as it was counted.
 */
export const ownAnswers: Migration = {
  async up(db) {
    await sql
      .raw(
        `create or replace function count_posts() returns trigger language plpgsql
          as $$ begin ${countPosts('incoming', IS_MESSAGE)} return null; end $$`,
      )
      .execute(db);
  },
};

/** The outbox keeps a row for a month, and its ids in lower case. The cast lets its index find that row. */
const IS_MESSAGE = `(source is distinct from 'command' or not exists (
  select from moderator_outbox as own
  where own.routing_key = 'source.standard.command' and own.message_id = case
    when wbor_message_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then wbor_message_id::uuid end))`;
