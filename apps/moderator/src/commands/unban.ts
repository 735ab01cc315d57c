import { maskNumber } from '@wbor/message-text';
import type { SenderNormaliser } from '@wbor/phone';
import { type BanRow, liftBans, lockBanList, readActiveBans, sameSender } from '../bans/ban-list.ts';
import { findMessage } from '../messages/find-message.ts';
import { showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

/** As many digits as the chat shows of a number. */
const MIN_DIGITS = 4;
const MAX_LISTED = 5;
/** "00 1 207 555 01 23" and more. */
const MAX_WORDS = 8;
/** What people, their phones and our own lists put around a number. */
const QUOTES = /^[^\p{L}\p{N}+(]+|[^\p{L}\p{N}]+$/gu;

/**
 * Lifts the ban of a message's sender, or of the number that is given or ends in the digits given. Digits may be UID and
 * number: then all bans that are meant count, and two of them are too many.
 */
export const unban: Command = {
  name: 'unban',
  restricted: true,
  help: {
    original: '!unban <UID> - Unban a phone number from sending messages',
    added: '!unban 1234 - Unban the number with these last digits',
  },
  async run(context) {
    const { call, db, normaliseSender, now } = context;
    await lockBanList(db);
    const active = await readActiveBans(db, now);
    const lookup = await findMessage(context, { forBan: true });
    const meant = new Set(ofNumber(active, call.argument, normaliseSender));
    const sender = lookup.kind === 'found' ? lookup.message.sender : null;
    for (const row of sameSender(active, sender ?? '', normaliseSender)) meant.add(row);

    const rows = [...meant];
    const [only] = rows;
    // Rows of an older version may hold one number in several spellings.
    if (only && sameSender(rows, only.sender, normaliseSender).length === rows.length) {
      const outgoing = await liftBans(
        db,
        rows.map((row) => row.sender),
        call,
        now,
      );
      return done(`Unbanned ${maskNumber(only.sender)}: messages of this number appear again.`, outgoing);
    }
    if (rows.length > 1) {
      return invalid(`That fits several bans. Use the UID:\n${listBans(rows)}`);
    }
    if (sender !== null) return invalid(`${maskNumber(sender)} is not banned.`);
    if (lookup.kind === 'found') {
      return invalid(
        `${showUid(lookup.message.wbor_message_id)} has no sender, so nobody can be banned for it.`,
      );
    }
    const number = normaliseSender(call.argument);
    return invalid(/^\+?\d{7,}$/.test(number) ? `${maskNumber(number)} is not banned.` : lookup.reply);
  },
};

/**
 * Bans of the number that the text begins with, in any form that a sender may have, or whose last digits are those. Numbers
 * have blanks in them, so as many words are taken as fit some ban.
 */
function ofNumber(active: readonly BanRow[], text: string, normaliseSender: SenderNormaliser): BanRow[] {
  const words = text.split(/\s+/).slice(0, MAX_WORDS);
  for (let count = words.length; count > 0; count -= 1) {
    const written = words.slice(0, count).join(' ').replace(QUOTES, '');
    const number = normaliseSender(written);
    if (!/\d/.test(number)) continue;
    const digits = /\p{L}/u.test(written) ? '' : written.replace(/[^\p{N}]/gu, '');
    const isLastDigits = /^\d+$/.test(digits) && digits.length >= MIN_DIGITS;
    const rows = active.filter((row) => {
      const sender = normaliseSender(row.sender);
      return sender === number || (isLastDigits && sender.endsWith(digits));
    });
    if (rows.length > 0) return rows;
  }
  return [];
}

function listBans(rows: readonly BanRow[]): string {
  return rows
    .slice(0, MAX_LISTED)
    .map(({ about, sender }) => `${maskNumber(sender)} (UID ${about === null ? 'unknown' : showUid(about)})`)
    .join('\n');
}
