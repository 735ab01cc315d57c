const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
const words = new Intl.Segmenter('und', { granularity: 'word' });

/** How much of a part may stay empty for the sake of a nicer place to cut. */
const MAX_WASTE = 1 / 3;

/** How far behind a window the word segmenter must see to know whether the window ends inside a word. */
const WORD_LOOKAHEAD = 64;

const WHITE = /^\s+$/u;
/** White space that is there to keep two words together. It is trimmed, but no reason to cut. */
const NO_BREAK = /^[\u00a0\u2007\u202f\ufeff]+$/u;

/** How good a place to cut is; a higher rank wins over a later place. */
const RANK = { inside: 0, space: 1, line: 2, paragraph: 3 } as const;

/** A text as units that are never cut, and what is known about each. */
interface Units {
  /** Where unit `i` begins, in UTF-16 units; one more entry for the end of the text. */
  readonly offsets: readonly number[];
  readonly white: readonly boolean[];
  /** For white units the rank of the whole run of white space that they belong to. */
  readonly rank: readonly number[];
}

/**
 * Cuts a text into parts of at most `maxLength` UTF-16 units, at paragraphs, lines or words, else between
 * graphemes. Only a grapheme that is longer than a whole part is cut, between code points.
 *
 * White space at both ends of a part is dropped, so a blank text has no parts. White space that carries a
 * combining mark is a visible grapheme and stays. Takes time in proportion to the text.
 *
 * @throws RangeError when `maxLength` is below 2, since then an emoji fits nowhere.
 */
export function splitText(text: string, { maxLength }: { maxLength: number }): string[] {
  if (!(maxLength >= 2))
    throw new RangeError(`parts of ${maxLength} UTF-16 units cannot hold every character`);

  const units = measure(text, maxLength);
  const offset = (index: number) => units.offsets[index] ?? text.length;
  const skipWhite = (index: number) => {
    let next = index;
    while (units.white[next]) next += 1;
    return next;
  };
  const skipWhiteBack = (index: number) => {
    let end = index;
    while (units.white[end - 1]) end -= 1;
    return end;
  };

  const parts: string[] = [];
  const end = skipWhiteBack(units.white.length);
  let from = skipWhite(0);
  let to = from;
  while (from < end) {
    while (to < end && offset(to + 1) - offset(from) <= maxLength) to += 1;
    const cut = to === end ? end : chooseCut(text, units, from, to, maxLength);
    parts.push(text.slice(offset(from), offset(skipWhiteBack(cut))));
    from = skipWhite(cut);
    to = Math.max(to, from);
  }
  return parts;
}

/** The leading graphemes of a text that fit into `maxLength` UTF-16 units, with `…` when some are missing. */
export function truncateText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${splitText(text, { maxLength: maxLength - 1 })[0] ?? ''}…`;
}

function measure(text: string, maxLength: number): Units {
  const offsets: number[] = [];
  const white: boolean[] = [];
  for (const { segment, index } of graphemes.segment(text)) {
    if (segment.length <= maxLength) {
      offsets.push(index);
      white.push(WHITE.test(segment));
      continue;
    }
    let offset = index;
    for (const codePoint of segment) {
      offsets.push(offset);
      // A space under a thousand marks is not white space: trimming it would move the marks elsewhere.
      white.push(false);
      offset += codePoint.length;
    }
  }
  offsets.push(text.length);

  const rank = white.map((): number => RANK.inside);
  for (let start = 0; start < white.length; start += 1) {
    if (!white[start]) continue;
    let end = start;
    while (white[end]) end += 1;
    rank.fill(rankOf(text.slice(offsets[start], offsets[end])), start, end);
    start = end;
  }
  return { offsets, white, rank };
}

function rankOf(whiteSpace: string): number {
  if (NO_BREAK.test(whiteSpace)) return RANK.inside;
  const newlines = whiteSpace.split('\n').length - 1;
  if (newlines === 0) return RANK.space;
  return newlines === 1 ? RANK.line : RANK.paragraph;
}

/**
 * The unit before which to cut, when units `from` up to `to` fit and the text goes on. A paragraph that
 * ends at three quarters of the part beats a word that ends at its end.
 */
function chooseCut(text: string, units: Units, from: number, to: number, maxLength: number): number {
  const offset = (index: number) => units.offsets[index] ?? text.length;
  const start = offset(from);
  const leastEnd = start + maxLength * (1 - MAX_WASTE);

  let best = to;
  let bestRank: number = RANK.inside;
  for (let index = to; index > from && offset(index) >= leastEnd; index -= 1) {
    const rank = units.rank[index] ?? RANK.inside;
    if (rank > bestRank) {
      best = index;
      bestRank = rank;
    }
  }
  if (bestRank > RANK.inside) return best;

  // No white space: an address, or a script that writes none between its words. The segmenter knows the
  // words of Thai, Chinese and Japanese, and the joints of an address.
  const wordStarts = new Set<number>();
  for (const { index } of words.segment(text.slice(start, offset(to) + WORD_LOOKAHEAD))) {
    wordStarts.add(start + index);
  }
  for (let index = to; index > from && offset(index) >= leastEnd; index -= 1) {
    if (wordStarts.has(offset(index))) return index;
  }
  return to;
}
