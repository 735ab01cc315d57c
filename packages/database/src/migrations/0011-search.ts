import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Indexes for whoever looks for messages: by time, source, sender, words, parts of words, and by what became of them. Adds only.
 * What is there already is left alone, so that the large ones can be made beforehand without a lock: docs/upgrading.md says how.
 */
export const search: Migration = {
  async up(db) {
    await run(
      db,
      // For this transaction; small tables take no more than they need.
      "set local maintenance_work_mem = '256MB'",
      `create index if not exists groupme_messages_first_at on groupme_messages (first_at desc, wbor_message_id desc)`,
      `create index if not exists groupme_messages_source
        on groupme_messages (source, first_at desc, wbor_message_id desc)`,
      // People know the end of a number; a whole one has few others with the same end.
      `create index if not exists groupme_messages_sender_end
        on groupme_messages ("right"(sender, 4), first_at desc, wbor_message_id desc) where sender is not null`,
      `create index if not exists groupme_messages_words
        on groupme_messages using gin (to_tsvector('simple', text))`,
      PARTS_OF_WORDS,
      // Few of all posts. A post that is in none of these is in the chat, or is tried again.
      `create index if not exists groupme_posts_not_delivered on groupme_posts (outcome, occurred_at)
        where outcome in ('unknown', 'rejected', 'blocked', 'expired', 'already-sent')`,
      // Which plan is quick depends on how frequent a word is.
      'analyze groupme_messages',
    );
  },
};

/** The extension comes with Postgres, but not with every installation, and not every owner may create it. */
const PARTS_OF_WORDS = `
  do $$
  begin
    create extension if not exists pg_trgm;
    execute format(
      'create index if not exists groupme_messages_parts_of_words on groupme_messages using gin (text %I.gin_trgm_ops)',
      (select nspname from pg_extension join pg_namespace on pg_namespace.oid = extnamespace where extname = 'pg_trgm'));
  exception
    when insufficient_privilege or undefined_file or feature_not_supported or undefined_object or invalid_schema_name then
      raise warning 'no search for parts of words, since pg_trgm is not to be had: %', sqlerrm;
  end $$`;

async function run(db: Kysely<unknown>, ...statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
