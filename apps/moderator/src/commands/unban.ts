import { type BanRow, liftBans, lockBanList, readActiveBans, sameSender } from '../bans/ban-list.ts';
import type { CommandCall } from '../intake/read-command.ts';
import { findMessage } from '../messages/find-message.ts';
import { maskNumber, showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

/** As many digits as the chat shows of a number. */
const MIN_DIGITS = 4;
const MAX_LISTED = 5;

/**
 * Lifts the ban of a message's sender, or of the number that ends in the digits given. Digits may be both: then
 * all bans that are meant count, and two of them are too many.
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
    const meant = new Set(endingIn(active, call));
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
    return invalid(lookup.reply);
  },
};

function endingIn(active: readonly BanRow[], call: CommandCall): BanRow[] {
  const [first = ''] = call.argument.split(/\s/, 1);
  const digits = first.replace(/[^\p{L}\p{N}]/gu, '');
  if (!/^\d+$/.test(digits) || digits.length < MIN_DIGITS) return [];
  return active.filter(({ sender }) => sender.endsWith(digits));
}

function listBans(rows: readonly BanRow[]): string {
  return rows
    .slice(0, MAX_LISTED)
    .map(({ about, sender }) => `${maskNumber(sender)} (UID ${about === null ? 'unknown' : showUid(about)})`)
    .join('\n');
}
