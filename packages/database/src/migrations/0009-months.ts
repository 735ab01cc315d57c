import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Makes partitioned tables of those whose ids begin with a time. What was stored before becomes the default partition as it is,
 * so nothing is rewritten or scanned, and `on conflict (event_id)` of an older audit-logger works as before: the
 * key that must be unique is the one that the partitions are cut by. Decision 28 says more.
 */
export const months: Migration = {
  async up(db) {
    // All inserts wait behind this lock: if somebody reads for long, give up, and try again later.
    await sql`set local lock_timeout = '2s'`.execute(db);
    await sql`lock table groupme_posts, groupme_images in access exclusive mode`.execute(db);
    await sql.raw(PARTITION).execute(db);
  },
};

const PARTITION = `
  do $$
  declare
    story text := pg_get_viewdef('message_story'::regclass);
    of_table text;
    held record;
  begin
    drop trigger count_posts on groupme_posts;
    foreach of_table in array array['groupme_posts', 'groupme_images'] loop
      execute format('alter table %I rename to %I', of_table, of_table || '_rest');
      execute format('create table %I (like %I including defaults including indexes) partition by range (event_id)',
        of_table, of_table || '_rest');
      execute format('alter table %I attach partition %I default', of_table, of_table || '_rest');
      -- Roles keep what they may do, until the owner grants it anew.
      for held in
        select grantee::regrole as role, privilege_type as privilege, '' as of_column
        from pg_class, aclexplode(relacl) where oid = (of_table || '_rest')::regclass and grantee not in (0, relowner)
        union all
        select grantee::regrole, privilege_type, format('(%I)', attname)
        from pg_attribute, aclexplode(attacl) where attrelid = (of_table || '_rest')::regclass and grantee <> 0
      loop
        execute format('grant %s %s on %I to %s', held.privilege, held.of_column, of_table, held.role);
      end loop;
    end loop;
    create trigger count_posts after insert on groupme_posts referencing new table as incoming
      for each statement execute function count_posts();
    execute 'create or replace view message_story as ' || story;
  end $$`;
