import type { ServiceSight } from '../../health/look.ts';

/** A token of a source, as the gateway tells of it in its metrics. */
export interface SourceToken {
  readonly id: string;
  readonly source: string;
  /** Undefined: never. */
  readonly expiresAt: Date | undefined;
}

const SAMPLE = /^gateway_token_expires_timestamp_seconds\{id="([a-z0-9]+)",source="([^"\\]+)"\}$/;

/** @returns undefined where no gateway says anything of tokens: it may be another version, or not be looked at. */
export function readTokens(sights: readonly ServiceSight[]): SourceToken[] | undefined {
  // Gateways side by side have the same file, or each its own.
  const tokens = new Map<string, SourceToken>();
  let isKnown = false;
  for (const { metrics } of sights) {
    isKnown ||= metrics.has('gateway_spooled_total');
    for (const [sample, seconds] of metrics) {
      const [, id, source] = SAMPLE.exec(sample) ?? [];
      if (id === undefined || source === undefined) continue;
      tokens.set(id, {
        id,
        source,
        expiresAt: Number.isFinite(seconds) ? new Date(seconds * 1_000) : undefined,
      });
    }
  }
  return isKnown || tokens.size > 0 ? [...tokens.values()] : undefined;
}

const DAY_MS = 86_400_000;
/** So long before it expires somebody should make another one. */
const SOON_MS = 14 * DAY_MS;

export function expiryOf(
  { expiresAt }: SourceToken,
  now: Date,
): { readonly words: string; readonly tone: 'good' | 'wait' | 'bad' } {
  if (expiresAt === undefined) return { words: 'never expires', tone: 'good' };
  const leftMs = expiresAt.getTime() - now.getTime();
  if (leftMs <= 0) return { words: 'has expired', tone: 'bad' };
  const days = Math.ceil(leftMs / DAY_MS);
  return {
    words: `expires in ${days === 1 ? 'a day' : `${days} days`}`,
    tone: leftMs < SOON_MS ? 'wait' : 'good',
  };
}
