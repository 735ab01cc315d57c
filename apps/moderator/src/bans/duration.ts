const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
/** Longer than anybody stays at a college station. */
const MAX_MS = 10 * 365 * 86_400_000;

type BanLength =
  /** `lengthMs` is null for a permanent ban. */
  | { readonly kind: 'length'; readonly lengthMs: number | null; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reply: string };

/**
 * Reads `[duration] [reason…]`. What begins like a number must be a duration: a permanent ban, because "30min" was
 * taken for a reason, would surprise.
 */
export function readBanLength(text: string): BanLength {
  const [, first = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/u.exec(text) ?? [];
  if (/^(?:forever|permanent(?:ly)?)$/i.test(first)) return { kind: 'length', lengthMs: null, reason: rest };
  if (!/^[-+]?\d/.test(first)) return { kind: 'length', lengthMs: null, reason: text };
  const [, amount, unit = ''] = /^(\d{1,6})([a-z])$/i.exec(first) ?? [];
  const lengthMs = Number(amount) * (UNIT_MS[unit.toLowerCase()] ?? Number.NaN);
  if (lengthMs > 0 && lengthMs <= MAX_MS) return { kind: 'length', lengthMs, reason: rest };
  return {
    kind: 'invalid',
    reply:
      'I do not understand the duration, so nothing was done. Write it like 30m, 2h, 7d or "forever", then the reason.',
  };
}
