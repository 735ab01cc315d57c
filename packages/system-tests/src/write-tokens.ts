import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/** Makes a token of each source, in a file as `npm run token` writes it. */
export function writeTokens<Source extends string>(
  file: string,
  sources: readonly Source[],
): Readonly<Record<Source, string>> {
  const made = sources.map((source, index) => {
    const token = `wbor_${index}_${randomBytes(32).toString('base64url')}`;
    const hash = createHash('sha256').update(token).digest('hex');
    return {
      source,
      token,
      record: { id: String(index), source, hash, created_at: new Date().toISOString() },
    };
  });
  writeFileSync(file, JSON.stringify({ version: 1, tokens: made.map(({ record }) => record) }));
  return Object.fromEntries(made.map(({ source, token }) => [source, token])) as Record<Source, string>;
}
