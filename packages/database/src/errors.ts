export type DatabaseConfigurationErrorCode =
  | 'ACCESS_REFUSED'
  | 'NO_DATABASE'
  | 'NOT_PERMITTED'
  | 'NOT_TRUSTED'
  | 'POOLED'
  | 'FOREIGN_SCHEMA';

/** Postgres refuses us for a reason that waiting cannot help. The message says what to do. */
export class DatabaseConfigurationError extends Error {
  override readonly name = 'DatabaseConfigurationError';
  readonly code: DatabaseConfigurationErrorCode;

  constructor(code: DatabaseConfigurationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A migration was run and failed; its transaction was rolled back, so the database is as it was. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'MIGRATION_FAILED';
}

/** A person's data could not be removed as a whole, so none of it was. The message names tables and columns. */
export class RemovalError extends Error {
  override readonly name = 'RemovalError';
  readonly code = 'REMOVAL_INCOMPLETE';
}
