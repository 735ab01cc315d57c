/** A word that may be a UID, and the text behind it. */
export interface TypedUid {
  readonly uid: string;
  readonly rest: string;
}

/** Our footer, copied as a whole. */
const FOOTER = /^-+UID-+\s+(\S+)(?:\s+\d+ media items? attached)?\s*(?:-{3,}\s*)?([\s\S]*)$/u;
/** "UID 0a1b2c3d", "message 0a1b2c3d", "ID: 0a1b2c3d", "is 0a1b2c3d", "- 0a1b2c3d". */
const LABELLED = /^(?:[^\p{L}\p{N}]*(?:uid|id|message|msg|is)\b)?[\s:#=<"“-]+(\S+)\s*([\s\S]*)$/iu;
/** What ends a UID that is followed by something without a blank, as in "0a1b2c3d—spam". */
const SEPARATORS = /[\u2012-\u2015,;:.!?()[\]{}"“”„«»<>]/u;

/**
 * The readings of a text that begins with a UID, the most literal first: ids are the producers' own, so a dot may belong to
 * one; phones put dots, quotes and brackets around words, and people a `#` before them. What stands behind the UID is
 * of the rest, since "0a1b2c3d?" is a question.
 *
 * @param text as `plainText` leaves it.
 */
export function readUid(text: string): TypedUid[] {
  const [, copied, behindFooter] = FOOTER.exec(text) ?? [];
  if (copied !== undefined) return [{ uid: copied, rest: behindFooter ?? '' }];
  const [, word = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/u.exec(text) ?? [];
  // People copy `<UID>` from the help text, with its brackets.
  const literal = word.replace(/^<+|>+$/g, '');
  const readings: TypedUid[] = [{ uid: literal, rest }];

  function add(uid: string, behind: string): void {
    if (uid !== '' && readings.every((known) => known.uid !== uid))
      readings.push({ uid, rest: behind.trim() });
  }
  function addWord(marked: string, behind: string): void {
    const opened = marked.replace(/^[^\p{L}\p{N}]+/u, '');
    const uid = opened.replace(/[^\p{L}\p{N}]+$/u, '');
    add(uid, `${opened.slice(uid.length)} ${behind}`);
  }

  const hyphened = word.replace(/[\u2010\u2011]/gu, '-');
  addWord(hyphened, rest);
  const opened = hyphened.replace(/^[^\p{L}\p{N}]+/u, '');
  const end = opened.search(SEPARATORS);
  // A comma ends the UID; a dot before a digit may be of a number.
  if (end > 0) add(opened.slice(0, end), `${opened.slice(end).replace(/^,/, ', ')} ${rest}`);
  const [, labelled = '', behind = ''] = LABELLED.exec(text) ?? [];
  addWord(labelled, behind);
  return readings;
}

/** Whether a word can be nothing but a UID, in a command that need not have one. */
export function isSurelyUid(uid: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f-]+)?$/i.test(uid);
}
