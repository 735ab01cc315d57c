import type { Secret } from '@wbor/service';
import { sql } from 'kysely';
import { createDatabase } from '../create-database.ts';
import { migrateToLatest } from '../migrate.ts';
import { grantStatements, type RoleName, roleNames, roleOf } from './roles.ts';
import { scramVerifier } from './scram.ts';

/**
 * Brings the tables up to date as their owner, makes the roles that are not there, and gives each its rights and its password.
 *
 * @param options.url of the owner, who may create roles.
 * @returns names of the migrations that were run, and of the roles.
 */
export async function grantRoles(options: {
  readonly url: string;
  readonly prefix: string;
  readonly passwords: Readonly<Partial<Record<RoleName, Secret>>>;
}): Promise<{ migrations: string[]; roles: string[] }> {
  const { passwords, prefix, url } = options;
  const migrations = await migrateToLatest({ connectionString: url });
  const { close, db } = createDatabase({
    connectionString: url,
    maxConnections: 1,
    applicationName: 'wbor rights',
  });
  try {
    await db.transaction().execute(async (transaction) => {
      const run = (statement: string) => sql.raw(statement).execute(transaction);
      for (const name of roleNames) {
        const role = roleOf(name, prefix);
        await run(
          `do $$ begin create role ${role} login; exception when duplicate_object or unique_violation then null; end $$`,
        );
        const password = passwords[name];
        // base64, `$` and `:` alone.
        if (password) await run(`alter role ${role} login password '${scramVerifier(password.reveal())}'`);
      }
      const { rows } = await sql<{ schema: string }>`select quote_ident(current_schema()) as schema`.execute(
        transaction,
      );
      for (const statement of grantStatements(rows[0]?.schema ?? 'public', prefix)) await run(statement);
    });
  } finally {
    await close();
  }
  return { migrations, roles: roleNames.map((name) => roleOf(name, prefix)) };
}
