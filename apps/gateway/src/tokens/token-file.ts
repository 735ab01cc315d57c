import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { sourceSchema } from '@wbor/contracts';
import { z } from 'zod';

/** What is kept of a token: enough to know it again, and nothing by which anybody could send. */
const tokenSchema = z.object({
  /** Stands in the token, too, so that a token that turned up somewhere can be found here. */
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  /** The only source for which it speaks. */
  source: sourceSchema,
  /** SHA-256 of the whole token, hexadecimal. A token is random and long, so a slow hash would add nothing. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Whether its messages may overtake all others. */
  urgent: z.boolean().optional(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().optional(),
  note: z.string().optional(),
});
export type TokenRecord = z.infer<typeof tokenSchema>;

const fileSchema = z.object({ version: z.literal(1), tokens: z.array(tokenSchema) });

/** Says what is wrong with the file of tokens, or that it is being changed; never what stands in it. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/**
 * Reads the file of tokens.
 * @returns undefined when there is no file.
 * @throws TokenFileError when it cannot be read, or is no file of tokens.
 */
export function readTokenFile(path: string): TokenRecord[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new TokenFileError(`the file of tokens cannot be read (${codeOf(error)})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TokenFileError('the file of tokens is not JSON');
  }
  const read = fileSchema.safeParse(value);
  if (read.success) return read.data.tokens;
  const [issue] = read.error.issues;
  throw new TokenFileError(`the file of tokens: ${issue?.path.join('.')}: ${issue?.message}`);
}

/**
 * Changes the file in one step: a reader sees the tokens from before or those from after. Two changes at once are
 * refused, since one would be lost. A file that is there keeps its owner and its mode: another user's gateway reads it.
 *
 * @throws TokenFileError
 */
export function changeTokenFile(path: string, change: (tokens: TokenRecord[]) => TokenRecord[]): void {
  const next = `${path}.new`;
  let file: number;
  try {
    file = openSync(next, 'wx', 0o600);
  } catch (error) {
    throw new TokenFileError(
      isCode(error, 'EEXIST')
        ? `another command is changing the tokens; if none is, remove ${next}`
        : `the file of tokens cannot be written (${codeOf(error)})`,
    );
  }
  try {
    const content = { version: 1, tokens: change(readTokenFile(path) ?? []) };
    writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
    keepOwner(path, file);
    fsyncSync(file);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    if (error instanceof TokenFileError || !isSystemError(error)) throw error;
    throw new TokenFileError(`the file of tokens cannot be written (${codeOf(error)})`);
  } finally {
    closeSync(file);
  }
}

/** As far as who runs us may: only root gives files away. The mode follows the owner, and not without it. */
function keepOwner(path: string, file: number): void {
  try {
    const { gid, mode, uid } = statSync(path);
    fchownSync(file, uid, gid);
    fchmodSync(file, mode & 0o777);
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EPERM')) throw error;
  }
}

/** Makes a token and what is kept of it. The token itself is kept nowhere. */
export function createToken(details: Pick<TokenRecord, 'source' | 'urgent' | 'expires_at' | 'note'>): {
  token: string;
  record: TokenRecord;
} {
  const id = randomBytes(4).toString('hex');
  const token = `wbor_${id}_${randomBytes(32).toString('base64url')}`;
  return {
    token,
    record: { id, ...details, hash: digestOf(token).toString('hex'), created_at: new Date().toISOString() },
  };
}

/** The id that stands in a token; undefined for what is none. */
export function idOfToken(token: string): string | undefined {
  return /^wbor_([a-z0-9]{1,32})_[\w-]{43}$/.exec(token)?.[1];
}

export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? String(error);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
