import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';

/** Letters and digits of hex: they stand in URLs and compose files as they are. */
const PASSWORD_BYTES = 24;
/** For its owner alone. */
const FILE_MODE = 0o600;

/**
 * Adds a random password for each setting that a file of settings lacks, or leaves empty.
 *
 * @returns the names of those that were added.
 */
export async function addPasswords(path: string, settings: readonly string[]): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const missing = settings.filter((name) => !new RegExp(`^${name}(?:_FILE)?=.*\\S`, 'm').test(text));
  if (missing.length === 0) return [];
  const lines = missing.map((name) => `${name}=${randomBytes(PASSWORD_BYTES).toString('hex')}\n`);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  const file = await open(path, 'a', FILE_MODE);
  try {
    // Before a password is in it: a file that was there keeps its mode otherwise.
    await file.chmod(FILE_MODE);
    await file.appendFile(`${separator}${lines.join('')}`);
  } finally {
    await file.close();
  }
  return missing;
}
