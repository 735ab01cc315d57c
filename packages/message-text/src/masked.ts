/** A number as everybody may see it: its last 4 characters, or 2 of a short one. */
export function maskNumber(number: string): string {
  const shown = number.length > 6 ? 4 : 2;
  return `…${Array.from(number).slice(-shown).join('')}`;
}

/** A name as everybody may see it; undefined for none. Some names are the number itself. */
export function maskName(name: string | null): string | undefined {
  const trimmed = name?.trim() ?? '';
  if (trimmed === '') return undefined;
  const digits = trimmed.replace(/\P{Nd}/gu, '');
  return digits.length >= 7 ? maskNumber(digits) : shorten(trimmed, 40);
}

/** One line, at most this many characters, never half of one. */
export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length <= length
    ? line
    : `${characters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`;
}

/** The relay's footer is the end of a post; what looks like one anywhere else is the sender's text. */
const OUR_FOOTER = /\n---UID---\n[^\n]*(?:\n\d+ media items? attached)?\n-{9}$/;

/** The beginning of what the sender wrote, without the relay's label, quotes and footer; empty for nothing but pictures. */
export function firstWords(post: string | null, length = 120): string {
  const body = (post ?? '')
    .replace(/^\(\d+\/\d+\):\n/, '')
    .replace(OUR_FOOTER, '')
    .trim()
    .replace(/^"/, '')
    .replace(/"$/, '');
  return shorten(body, length);
}
