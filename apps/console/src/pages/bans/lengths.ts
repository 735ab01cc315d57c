const HOUR_MS = 3_600_000;

/** For how long somebody may be banned here, in the words of the form; the chat knows every other length. */
export const banLengths = {
  '2h': { words: '2 hours', ms: 2 * HOUR_MS },
  '1d': { words: 'a day', ms: 24 * HOUR_MS },
  '7d': { words: 'a week', ms: 7 * 24 * HOUR_MS },
  forever: { words: 'for good', ms: undefined },
} as const;
export type BanLength = keyof typeof banLengths;
export const banLengthNames = Object.keys(banLengths) as [BanLength, ...BanLength[]];

/** Null for good. */
export function endOf(length: BanLength, now: Date): Date | null {
  const { ms } = banLengths[length];
  return ms === undefined ? null : new Date(now.getTime() + ms);
}
