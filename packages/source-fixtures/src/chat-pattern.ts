/** What differs from run to run. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  /** Made by the gateway for a message that has no id of its own. */
  '{uid}': '[0-9a-f]{8}',
  /** How long something took, by our clock. */
  '{length}': '(?:less than a second|\\d+ (?:second|minute|hour|day)s?)',
};

/** The pattern of a post's whole text, which may hold `{uid}` and `{length}`. */
export function chatPattern(text: string): RegExp {
  const escaped = text
    .split(/(\{uid\}|\{length\})/)
    .map((piece) => PLACEHOLDERS[piece] ?? piece.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${escaped.join('')}$`);
}
