/** What differs from run to run. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  /** Made by the gateway for a message that has no id of its own. */
  '{uid}': '[0-9a-f]{8}',
  /** How long something took, by our clock. */
  '{length}': '(?:less than a second|\\d+ (?:second|minute|hour|day)s?)',
};

/** Below a text stands the id of its message, or what an id of the program's own was made into. */
const SHOWN_UID = /(?<=---UID---\n)[0-9a-f]{8}/;

/**
 * The pattern of a post's whole text, which may hold `{uid}` and `{length}`.
 *
 * @param fresh when it was sent with ids of its own, so that its UID is another one.
 */
export function chatPattern(text: string, fresh = false): RegExp {
  const escaped = (fresh ? text.replace(SHOWN_UID, '{uid}') : text)
    .split(/(\{uid\}|\{length\})/)
    .map((piece) => PLACEHOLDERS[piece] ?? piece.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${escaped.join('')}$`);
}
