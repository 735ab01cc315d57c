import { type Database, eventTables } from '../tables.ts';

/** Roles of Postgres beside the owner of the tables, who alone migrates. */
export const roleNames = ['audit_logger', 'moderator', 'console', 'reader'] as const;
export type RoleName = (typeof roleNames)[number];

type Privilege = 'select' | 'insert' | 'update' | 'delete';

interface Grant {
  readonly privileges: readonly (Privilege | `select (${string})`)[];
  readonly tables: readonly (keyof Database)[];
}

/** What a service does to which table. The reader, who is not here, may read them all, and so may the console. */
const GRANTS: Readonly<Record<Exclude<RoleName, 'reader'>, readonly Grant[]>> = {
  audit_logger: [
    // A row that is there already is recognised by its id. Counts are kept by a trigger, with the owner's rights.
    { privileges: ['insert', 'select (event_id)'], tables: [...eventTables, 'audit_rejected'] },
  ],
  console: [
    { privileges: ['insert', 'update', 'delete'], tables: ['console_sessions'] },
    { privileges: ['insert'], tables: ['console_actions'] },
  ],
  moderator: [
    { privileges: ['select', 'insert', 'update'], tables: ['bans'] },
    { privileges: ['select', 'update'], tables: ['ban_list_version', 'station_clock'] },
    {
      privileges: ['select', 'insert', 'update', 'delete'],
      tables: ['moderator_handled', 'moderator_outbox'],
    },
    {
      privileges: ['select'],
      tables: [
        'groupme_posts',
        'groupme_echoes',
        'groupme_messages',
        'stats_by_sender',
        'stats_by_source',
        'stats_overall',
        'stats_by_day',
      ],
    },
  ],
};

/** A service looks whether the tables are up to date. */
const MIGRATION_TABLES = ['kysely_migration', 'kysely_migration_lock'];

/**
 * The statements that give roles their rights in a schema, and take away what they had beyond. To be run as the owner of the
 * tables, in one transaction; again after each migration.
 *
 * @param schema quoted as SQL has it.
 */
export function grantStatements(schema: string, prefix: string): string[] {
  const reader = roleOf('reader', prefix);
  return [
    `revoke create on schema ${schema} from public`,
    // It counts posts into tables that no service may change. Its own rights would be those of whoever inserts.
    `alter function ${schema}.count_posts() security definer set search_path = ${schema}, pg_temp`,
    ...roleNames.flatMap((name) => {
      const role = roleOf(name, prefix);
      return [
        `revoke all on all tables in schema ${schema} from ${role}`,
        `grant usage on schema ${schema} to ${role}`,
      ];
    }),
    `grant select on all tables in schema ${schema} to ${reader}, ${roleOf('console', prefix)}`,
    `alter default privileges in schema ${schema} grant select on tables to ${reader}`,
    // Who is signed in, and the secrets of their forms.
    `revoke all on ${schema}.console_sessions from ${reader}`,
    ...(['audit_logger', 'moderator', 'console'] as const).flatMap((name) => {
      const role = roleOf(name, prefix);
      return [
        `grant select on ${MIGRATION_TABLES.map((table) => `${schema}.${table}`).join(', ')} to ${role}`,
        ...GRANTS[name].map(({ privileges, tables }) => {
          const names = tables.map((table) => `${schema}.${table}`).join(', ');
          return `grant ${privileges.join(', ')} on ${names} to ${role}`;
        }),
      ];
    }),
  ];
}

/** The name in the server, which all its databases share. */
export function roleOf(name: RoleName, prefix: string): string {
  return `${prefix}${name}`;
}
