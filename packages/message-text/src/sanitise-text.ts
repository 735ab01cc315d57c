/**
 * Makes a body fit to be shown, without touching what any script or emoji is made of.
 *
 * - Whatever ends a line becomes `\n`: CRLF, CR alone (some devices know no other), VT, FF, NEL, U+2028 and U+2029. Left
 *   out, they would glue the last word of a line to the first of the next.
 * - NBSP becomes a space: phones and web forms put it where a person typed a space.
 * - Other control characters but `\t`, and lone surrogates, become U+FFFD: the reader sees that something was there, and
 *   Postgres and JSON accept what is left.
 *
 * Everything else stays. Joiners, variation selectors, tags and direction marks (overrides as well) look
 * "unprintable" to a category test, but emoji, Persian, Hindi and Hebrew need them. Unassigned code points
 * stay because next year's emoji are unassigned in today's tables.
 *
 * Applying it twice is the same as once.
 */
export function sanitiseText(raw: string): string {
  return raw
    .toWellFormed()
    .replace(/\r+\n?/g, toLineBreaks)
    .replace(/[\u000b\u000c\u0085\u2028\u2029]/g, '\n')
    .replaceAll('\u00a0', ' ')
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** CRs before an LF are one end of line, however many: a text mode has translated it twice. */
function toLineBreaks(ends: string): string {
  return ends.endsWith('\n') ? '\n' : '\n'.repeat(ends.length);
}
