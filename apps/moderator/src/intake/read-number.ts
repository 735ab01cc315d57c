import type { SenderNormaliser } from '@wbor/phone';

/** A number has fifteen digits; this is room for what is written around them. */
const MAX_NUMBER_LENGTH = 64;

/** The number in normal form; undefined where there is none. */
export function readNumber(text: string, normaliseSender: SenderNormaliser): string | undefined {
  const sender = normaliseSender(text.slice(0, MAX_NUMBER_LENGTH));
  return /\d/.test(sender) ? sender : undefined;
}
