import { messageOf, TestkitError } from '../errors.ts';
import { createDatabase, postgresAnswers } from './databases.ts';
import type { TestPostgres } from './types.ts';

/**
 * The server of `DATABASE_URL`: used as it is, never stopped.
 * @throws TestkitError `NO_POSTGRES` when it does not answer.
 */
export async function useExternalPostgres(url: string): Promise<TestPostgres> {
  const { host } = new URL(url);
  try {
    await postgresAnswers(url);
  } catch (error) {
    throw new TestkitError(
      'NO_POSTGRES',
      `DATABASE_URL names ${host}, which does not take our connection: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const refuse = async (): Promise<never> => {
    throw new TestkitError(
      'NOT_OWNED',
      'the Postgres of DATABASE_URL is not ours to stop; use startPostgres({ private: true })',
    );
  };
  return {
    url,
    owned: false,
    pid: undefined,
    how: `DATABASE_URL (${host})`,
    stop: refuse,
    start: refuse,
    createDatabase: (template) => createDatabase(url, template),
    dispose: async () => undefined,
  };
}
