import type { DatabaseInspection } from '@wbor/database';
import type { DatabaseSeen } from '../patient.ts';
import { type Check, type Finding, fault, ok, skipped, warning } from '../types.ts';

/** Whether the tables are those of this version. */
export const migrations: Check = {
  name: 'migrations',
  summary: 'whether the tables are those of this version',
  async run({ databases }) {
    return Promise.all(databases.map(look));
  },
};

async function look(seen: DatabaseSeen): Promise<Finding> {
  const services = seen.services.join(', ');
  let found: DatabaseInspection;
  try {
    found = await seen.inspect();
  } catch {
    return skipped(services, 'no connection to Postgres');
  }
  const { done, pending, unknown } = found;
  if (unknown.length > 0 && pending.length > 0) {
    return fault(
      services,
      `the database has migrations of others (${unknown.join(', ')}) and lacks some of ours (${pending.join(', ')})`,
      'deploy the version that made them, or a later one; or let DATABASE_URL name another database',
    );
  }
  if (done.length === 0) {
    return fault(
      services,
      'the database has no tables of ours',
      'start the audit-logger, which makes them; or correct the last part of DATABASE_URL',
    );
  }
  if (pending.length > 0) {
    return fault(
      services,
      `the tables are of an older version; not run yet: ${pending.join(', ')}`,
      'restart the audit-logger and the moderator in this version: they migrate the database at their start',
    );
  }
  if (unknown.length > 0) {
    return warning(
      services,
      `a newer version has migrated the database: ${unknown.join(', ')}`,
      'deploy the rest of that version when it suits',
    );
  }
  return ok(services, `${done.length} migrations, up to date`);
}
