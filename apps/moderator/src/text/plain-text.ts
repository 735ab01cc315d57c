/** Marks that nobody sees: controls of direction, joiners, variation selectors, the enclosing key of an emoji digit. */
const INVISIBLE = /\u034f|[\p{Cf}\p{Cc}\p{Me}\p{Variation_Selector}\u115f\u1160\u3164]/gu;

/**
 * What somebody meant to type: full-width letters as usual ones, and nothing invisible, which phones put in and people
 * copy along. White space stays, and so do raised digits, fractions and the like: `2²` is not 22.
 */
export function plainText(text: string): string {
  return text
    .replace(/\P{No}+/gu, (part) => part.normalize('NFKC'))
    .replace(INVISIBLE, (mark) => (/\s/.test(mark) ? mark : ''));
}

/** A word without what phones and people put around it: quotes, brackets, a full stop. In lower case. */
export function plainWord(text: string): string {
  return text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').toLowerCase();
}
