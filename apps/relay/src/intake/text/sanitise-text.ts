/**
 * Makes a body fit to be shown, without touching what any script or emoji is made of.
 *
 * - `\r` goes, so `\r\n` becomes `\n`.
 * - NBSP becomes a space: phones and web forms put it where a person typed a space.
 * - U+2028 and U+2029 become `\n`, which is what they mean; chat clients draw them as nothing or as a box.
 * - Control characters but `\n` and `\t`, and lone surrogates, become U+FFFD: the reader sees that something
 *   was there, and Postgres and JSON accept what is left. C1 controls count, U+0085 too: in the wild they
 *   are wrongly decoded Windows-1252, not line breaks.
 *
 * Everything else stays. Joiners, variation selectors, tags and direction marks (overrides as well) look
 * "unprintable" to a category test, but emoji, Persian, Hindi and Hebrew need them. Unassigned code points
 * stay because next year's emoji are unassigned in today's tables.
 *
 * Applying it twice is the same as once.
 */
export function sanitiseText(raw: string): string {
  return (
    raw
      // First, so that two halves on either side of a removed `\r` cannot make a character nobody sent.
      .toWellFormed()
      .replaceAll('\r', '')
      .replaceAll('\u00a0', ' ')
      .replace(/[\u2028\u2029]/g, '\n')
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
  );
}
