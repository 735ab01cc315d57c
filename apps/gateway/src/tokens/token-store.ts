import { timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { errorMessage } from '@wbor/async';
import { digestOf, idOfToken, readTokenFile, TokenFileError, type TokenRecord } from './token-file.ts';

/** What a token proves. */
export interface KnownToken {
  readonly id: string;
  /** The only source for which its owner may speak. */
  readonly source: string;
  /** Whether its messages may overtake all others. */
  readonly mayBeUrgent?: boolean;
}

/** A token as people may see it. */
interface ListedToken {
  readonly id: string;
  readonly source: string;
  /** Epoch milliseconds; undefined: never. */
  readonly expiresAtMs: number | undefined;
}

export interface TokenStore {
  /** The token that somebody presents; undefined when it is none, is revoked or has expired. */
  find(given: unknown): KnownToken | undefined;
  /** All of them, those that have expired, too. */
  list(): ListedToken[];
  /** Why the file cannot be read; the tokens from before then still count. */
  readonly fault: string | undefined;
  close(): void;
}

/** For a gateway without tokens. */
export const noTokens: TokenStore = {
  find: () => undefined,
  list: () => [],
  fault: undefined,
  close: () => {},
};

/** A change counts this soon. */
const LOOK_EVERY_MS = 1_000;

/**
 * The tokens of a file that may change at any time: it is looked at every second, and read again when it is another one.
 * When it cannot be read, or is gone, the tokens from before still count: a slip of the pen must not silence all producers.
 */
export function openTokenStore(
  path: string,
  logger: { error(fields: object, message: string): void; info(fields: object, message: string): void },
): TokenStore {
  let tokens = new Map<string, TokenRecord & { readonly digest: Buffer }>();
  let seen: string | undefined;
  let fault: string | undefined;
  let hasRead = false;

  function look(): void {
    const state = stateOf(path);
    if (state === seen) return;
    seen = state;
    try {
      const records = readTokenFile(path);
      if (records === undefined && !hasRead) {
        fault = 'the file of tokens is not there yet: no token counts';
        logger.info({}, fault);
        return;
      }
      if (records === undefined) throw new TokenFileError('the file of tokens is not there any more');
      hasRead = true;
      tokens = new Map(
        records.map((token) => [token.id, { ...token, digest: Buffer.from(token.hash, 'hex') }]),
      );
      fault = undefined;
      logger.info({ tokens: tokens.size }, 'read the tokens');
    } catch (error) {
      fault = errorMessage(error);
      logger.error({ error: fault }, 'could not read TOKENS_FILE; the tokens from before still count');
    }
  }

  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  return {
    find(given) {
      const id = typeof given === 'string' ? idOfToken(given) : undefined;
      const token = id === undefined ? undefined : tokens.get(id);
      if (!token || !timingSafeEqual(digestOf(String(given)), token.digest)) return undefined;
      const { expires_at, source, urgent = false } = token;
      if (expires_at !== undefined && Date.parse(expires_at) <= Date.now()) return undefined;
      return { id: token.id, source, mayBeUrgent: urgent };
    },
    list: () =>
      Array.from(tokens.values(), ({ expires_at, id, source }) => ({
        id,
        source,
        expiresAtMs: expires_at === undefined ? undefined : Date.parse(expires_at),
      })),
    get fault() {
      return fault;
    },
    close: () => clearInterval(timer),
  };
}

/** Changes whenever the file does: the commands replace it, an editor may write into it. */
function stateOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    return errorMessage(error);
  }
}
