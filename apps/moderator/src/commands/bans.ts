import { maskName, maskNumber, shorten } from '@wbor/message-text';
import { readActiveBans } from '../bans/ban-list.ts';
import { plural, showUid } from '../messages/show.ts';
import { type Command, done } from './types.ts';

/** As many as fit into one message. */
const MAX_LISTED = 8;

export const bans: Command = {
  name: 'bans',
  restricted: false,
  help: { added: '!bans - List the bans' },
  async run({ clock, db, now }) {
    const rows = await readActiveBans(db, now);
    if (rows.length === 0) return done('Nobody is banned.');
    const lines = rows.slice(0, MAX_LISTED).map((row) => {
      const end = row.until === null ? 'for good' : `until ${clock.showTime(row.until)}`;
      const uid = row.about === null ? '' : ` (UID ${shorten(showUid(row.about), 16)})`;
      const by = maskName(row.banned_by_name) ?? 'somebody';
      const reason = row.reason === null ? '' : `: ${shorten(row.reason, 30)}`;
      return `${maskNumber(row.sender)}${uid} ${end}, by ${shorten(by, 20)} on ${clock.showDay(row.banned_at)}${reason}`;
    });
    const more = rows.length > MAX_LISTED ? `\n… and ${rows.length - MAX_LISTED} more.` : '';
    return done(`${plural(rows.length, 'ban')}:\n${lines.join('\n')}${more}`);
  },
};
