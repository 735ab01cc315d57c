import { DatabaseConfigurationError } from '@wbor/database';
import { describeError } from '../describe-error.ts';
import type { DatabaseSeen } from '../patient.ts';
import { type Check, type Finding, fault, ok, warning } from '../types.ts';

/** Older ones have no support of PostgreSQL's own any more. */
const LEAST_MAJOR_VERSION = 14;

const FIXES: Readonly<Record<DatabaseConfigurationError['code'], string>> = {
  ACCESS_REFUSED: 'correct the user and the password in DATABASE_URL; see pg_hba.conf of the server',
  NO_DATABASE: 'make the database (`createdb`), or correct the last part of DATABASE_URL',
  NOT_PERMITTED: 'let the user of DATABASE_URL own the database, or grant it what it lacks',
  NOT_TRUSTED:
    'correct sslmode, sslrootcert and the host in DATABASE_URL; sslrootcert names a file of this machine',
  POOLED: 'name Postgres itself in DATABASE_URL, not a pooler before it',
  FOREIGN_SCHEMA: 'deploy the version that made the tables, or a later one',
};

/** Whether Postgres is there, and takes us. */
export const database: Check = {
  name: 'database',
  summary: 'Postgres: reachable, user, password, database, version',
  async run({ databases }) {
    return Promise.all(databases.map(look));
  },
};

async function look(seen: DatabaseSeen): Promise<Finding> {
  const services = seen.services.join(', ');
  try {
    const { isReadOnly, majorVersion, version } = await seen.inspect();
    if (isReadOnly) {
      return fault(
        services,
        'the database takes no changes: it is a standby, or set to read only',
        'let DATABASE_URL name the primary',
      );
    }
    if (majorVersion < LEAST_MAJOR_VERSION) {
      return warning(
        services,
        `PostgreSQL ${version} is old`,
        `use PostgreSQL ${LEAST_MAJOR_VERSION} or newer`,
      );
    }
    return ok(services, `PostgreSQL ${version} at ${describeAddress(seen.url)}`);
  } catch (error) {
    if (error instanceof DatabaseConfigurationError) {
      return fault(services, error.message, FIXES[error.code]);
    }
    return fault(
      services,
      `Postgres at ${describeAddress(seen.url)} cannot be reached: ${describeError(error)}`,
      'start Postgres; or correct the host and the port in DATABASE_URL; see whether a firewall is between',
    );
  }
}

/** `host:port/database`; never the user or the password. */
function describeAddress(url: string): string {
  const { hostname = '', pathname = '', port = '' } = URL.parse(url) ?? {};
  return `${hostname}:${port || '5432'}${pathname}`;
}
