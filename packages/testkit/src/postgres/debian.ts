import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { libraryPath, unpackPackages } from '../unpack-packages.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import type { TestPostgres } from './types.ts';

/** A Postgres of Debian's, and where its `pg_dump` and `pg_restore` are: the embedded one comes without. */
export interface DebianPostgres {
  readonly postgres: TestPostgres;
  /** For a child process to find them. */
  readonly env: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
}

/**
 * Starts the newest installed Postgres of Debian or Ubuntu, or the package, unpacked.
 * @throws TestkitError `COMMAND_FAILED` where there is neither.
 */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const installed = await findPrograms('/');
  const folder = installed === undefined ? await unpackPackages({ name: 'postgresql' }) : undefined;
  const programs = installed ?? (await findPrograms(folder ?? ''));
  if (programs === undefined) throw new TestkitError('COMMAND_FAILED', `no pg_dump in ${folder}`);
  const libraries = folder === undefined ? '' : await libraryPath(folder);
  const postgres = await startEmbeddedPostgres(
    {
      initdb: join(programs, 'initdb'),
      postgres: join(programs, 'postgres'),
      version: "of Debian's",
      libraryPath: libraries,
    },
    { private: true },
  );
  return {
    postgres,
    env: { PATH: `${programs}:${process.env.PATH ?? ''}`, LD_LIBRARY_PATH: libraries },
  };
}

/** The folder of the programs, of the newest version that is whole. */
async function findPrograms(root: string): Promise<string | undefined> {
  const versions = await readdir(join(root, 'usr/lib/postgresql')).catch(() => []);
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(root, 'usr/lib/postgresql', version, 'bin'))
    .find((path) =>
      ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(path, name))),
    );
}
