import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** Gives the form in which a sender is compared; empty for one that has nothing to compare. */
export type SenderNormaliser = (sender: string) => string;

/** Channels that put their name before a number; some put one before another. */
const CHANNELS = /^(?:(?:whatsapp|rcs|tel|sms|smsto|mms|messenger|callto):(?:\/\/)?\s*)+/;
/** Written as numbers are, whatever separates the digits. */
const NUMBER = /^\+?[\p{Nd}\s().\-/]*$/u;
const DASHES = /[\p{Pd}\u2212]/gu;
/** Shorter ones are short codes of a network and mean nothing with a country code before them. */
const MIN_NATIONAL_DIGITS = 7;
/** No sender is longer; the time that is spent on one is bounded by it. */
const MAX_LENGTH = 256;

/** A trunk prefix or the name of a channel less in each; more than any text of that length was seen to need. */
const MAX_ROUNDS = 32;

/**
 * Makes one form of all spellings of a sender: of a number E.164, with the country's code where it has none; of
 * anything else its words in lower case.
 *
 * The form of a form is that form, so stored ones can be normalised again: what one reading leaves is read until it
 * stays as it is, since libphonenumber takes one trunk prefix at a time, and marks compose when what was between them
 * is gone.
 */
export function createSenderNormaliser(country: CountryCode): SenderNormaliser {
  return (sender) => {
    let form = sender;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const next = readOnce(form, country);
      if (next === form) break;
      form = next;
    }
    return form;
  };
}

function readOnce(sender: string, country: CountryCode): string {
  const plain = sender
    .slice(0, MAX_LENGTH)
    .toWellFormed()
    .normalize('NFKC')
    // Invisible marks come along when a number is copied from a contact.
    .replace(/[\p{Cf}\p{Cc}\p{Me}\p{Variation_Selector}]/gu, (character) => (/\s/.test(character) ? ' ' : ''))
    .replace(DASHES, '-')
    .toLowerCase()
    .trim()
    .replace(CHANNELS, '')
    // Parameters of a tel: or sms: address.
    .replace(/[;?].*$/s, '')
    .trim();
  if (!NUMBER.test(plain)) return plain.replace(/\s+/g, ' ');
  return normaliseNumber(plain, country);
}

function normaliseNumber(written: string, country: CountryCode): string {
  const digits = toAsciiDigits(written);
  if (digits === '') return '';
  const dialled = (/^[^\p{Nd}]*\+/u.test(written) ? `+${digits}` : digits).replace(/^00(?=\d)/, '+');
  if (!dialled.startsWith('+') && dialled.length < MIN_NATIONAL_DIGITS) return dialled;
  const parsed = parsePhoneNumberFromString(dialled, { defaultCountry: country, extract: false });
  return parsed?.isPossible() ? parsed.number : dialled;
}

/** The digits of every script; a block of them begins at its zero. */
function toAsciiDigits(text: string): string {
  return Array.from(text.matchAll(/\p{Nd}/gu), ([digit]) => {
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String(code - zero);
  }).join('');
}
