export { databaseBackOffMs } from './back-off.ts';
export {
  classifyDatabaseError,
  type DatabaseFailure,
  describeDatabaseError,
  isLostSession,
  mayBeOneRowsFault,
  readSqlState,
} from './classify-error.ts';
export { createDatabase, type DatabaseHandle, type DatabaseOptions } from './create-database.ts';
export {
  DatabaseConfigurationError,
  type DatabaseConfigurationErrorCode,
  MigrationError,
  RemovalError,
} from './errors.ts';
export {
  auditTables,
  type ExportableTable,
  type ExportColumn,
  type ExportedTable,
  type ExportKind,
  type ExportRange,
  type ExportRow,
  exportableTables,
  readSnapshot,
} from './export/read-snapshot.ts';
export { isAbout } from './forget/blank-rejected.ts';
export {
  countUnpublished,
  type ForgetOptions,
  forgetSender,
  tidyAfterForgetting,
} from './forget/forget-sender.ts';
export type { Removal, RemovedBan } from './forget/removal.ts';
export { insertEvents } from './insert-events.ts';
export { type DatabaseInspection, inspectDatabase } from './inspection.ts';
export { type MigrateOptions, migrateToLatest } from './migrate.ts';
export type {
  BanChangesTable,
  BansTable,
  CommandsTable,
  MessagesTable,
  OutboxTable,
  StatsByDayView,
  StatsBySenderView,
  StatsBySourceView,
  StatsOverallView,
  Totals,
} from './moderation-tables.ts';
export { openDatabase, type ServiceDatabase } from './open-database.ts';
export { createOutageState, type OutageState } from './outage-state.ts';
export { makeMonths } from './retention/month-partitions.ts';
export { firstIdAt, monthStart } from './retention/months.ts';
export { type RetentionLimits, type RetentionResult, retainAudit } from './retention/retain.ts';
export { grantRoles } from './roles/grant-roles.ts';
export { type RoleName, roleNames, roleOf } from './roles/roles.ts';
export { seedPosts } from './seed/seed-posts.ts';
export { storableJson, storableText } from './storable.ts';
export {
  type CallbacksTable,
  type Database,
  type EventRow,
  type EventTable,
  eventTableColumns,
  eventTables,
  type ImagesTable,
  type MessageStoryView,
  type PostsTable,
  type RejectedRow,
  type RejectedTable,
  type UndisplayedTable,
} from './tables.ts';
