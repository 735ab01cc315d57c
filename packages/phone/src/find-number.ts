import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { createSenderNormaliser } from './normalise-sender.ts';

/** A number that is looked for in texts. */
export interface SoughtNumber {
  /** E.164. */
  readonly number: string;
  /** Its digits without the country's code: every spelling holds them, in this order. */
  readonly nationalDigits: string;
  /** Whether the text is a spelling of it and nothing else, as the sender of a message is. */
  is(text: string): boolean;
  /** Whether it stands in the text, however it is spelt. */
  isIn(text: string): boolean;
  /** The text with `[number removed]` in its place. */
  blank(text: string): string;
}

export const NUMBER_REMOVED = '[number removed]';

/** What may stand between two digits; a few of them, or two numbers would be read as one. */
const SEPARATORS = '[\\s().\\-/\\p{Pd}\\u2212\\p{Cf}\\p{Me}\\p{Variation_Selector}]{0,6}';
/** Exit code and country's code, or a trunk prefix. */
const MAX_LEADING_DIGITS = 7;

/**
 * Prepares to look for a number, given in any spelling; undefined when the text is no number that a person can have.
 * What is written without a country's code is of `country`.
 */
export function seekNumber(written: string, country: CountryCode): SoughtNumber | undefined {
  const normalise = createSenderNormaliser(country);
  const number = normalise(written);
  const nationalDigits = number.startsWith('+')
    ? parsePhoneNumberFromString(number)?.nationalNumber
    : undefined;
  if (nationalDigits === undefined) return undefined;

  const digit = (value: string) => `[${digitForms().get(value)}]`;
  const anyDigit = `[${[...digitForms().values()].join('')}]`;
  const pattern = new RegExp(
    `(?<!${anyDigit})[+\\uff0b]?(?:[(]?${anyDigit}${SEPARATORS}){0,${MAX_LEADING_DIGITS}}?[(]?` +
      `${[...nationalDigits].map(digit).join(SEPARATORS)}(?!${anyDigit})`,
    'gu',
  );
  const wordOfDigits = new RegExp(`(?<!${anyDigit})(?=${anyDigit})`, 'gu');

  /** A match may begin with digits of something else: the longest end of it that is the number counts. */
  function blankMatch(match: string): string {
    if (normalise(match) === number) return NUMBER_REMOVED;
    // Another country's number, whose last digits are the same.
    if (/^[+\uff0b]/.test(match)) return match;
    for (const { index } of match.matchAll(wordOfDigits)) {
      if (normalise(match.slice(index)) === number) return `${match.slice(0, index)}${NUMBER_REMOVED}`;
    }
    return match;
  }

  const blank = (text: string) => text.replace(pattern, blankMatch);
  return {
    number,
    nationalDigits,
    is: (text) => normalise(text) === number,
    isIn: (text) => blank(text) !== text,
    blank,
  };
}

let forms: ReadonlyMap<string, string> | undefined;

/** To each digit all characters that are read as it: those of all scripts, wide ones, superscripts, in circles. */
export function digitForms(): ReadonlyMap<string, string> {
  forms ??= findDigitForms();
  return forms;
}

/** Beyond are no digits. */
const LAST_CODE_POINT = 0x1_ff_ff;

function findDigitForms(): ReadonlyMap<string, string> {
  const found = new Map(Array.from('0123456789', (digit) => [digit, '']));
  /** Digits of a script follow each other, from its zero on. */
  let run = 0;
  for (let code = 0; code <= LAST_CODE_POINT; code += 1) {
    const character = String.fromCodePoint(code);
    const isDigit = /\p{Nd}/u.test(character);
    const plain = character.normalize('NFKC');
    const value = /^[0-9]$/.test(plain) ? plain : isDigit ? String(run % 10) : undefined;
    run = isDigit ? run + 1 : 0;
    if (value !== undefined) found.set(value, `${found.get(value)}${character}`);
  }
  return found;
}
