import type { Migration } from 'kysely/migration';
import { auditTables } from './0001-audit-tables.ts';
import { evidenceAndDisplay } from './0002-evidence-and-display.ts';
import { moderation } from './0003-moderation.ts';
import { whoIsMeant } from './0006-who-is-meant.ts';
import { ownAnswers } from './0007-own-answers.ts';
import { removals } from './0008-removals.ts';
import { months } from './0009-months.ts';
import { consoleTables } from './0010-console.ts';
import { search } from './0011-search.ts';

/**
 * Every migration, in the order of its name. A record and not a folder, since apps are bundled into one
 * file. Append only: a database whose past differs is refused. A migration only adds: services are deployed one
 * by one, and the older ones go on working on the newer schema.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001_audit_tables': auditTables,
  '0002_evidence_and_display': evidenceAndDisplay,
  '0003_moderation': moderation,
  '0006_who_is_meant': whoIsMeant,
  '0007_own_answers': ownAnswers,
  '0008_removals': removals,
  '0009_months': months,
  '0010_console': consoleTables,
  '0011_search': search,
};
