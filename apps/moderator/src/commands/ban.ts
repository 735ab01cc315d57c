import { addBan, lockBanList, readActiveBans } from '../bans/ban-list.ts';
import { readBanLength } from '../bans/duration.ts';
import { findMessage } from '../messages/find-message.ts';
import { maskNumber, shorten, showTime, showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

const MAX_REASON_LENGTH = 200;

export const ban: Command = {
  name: 'ban',
  restricted: true,
  help: {
    original: '!ban <UID> - Ban a phone number from sending messages',
    added: '!ban <UID> 2h reason - Ban for a time (30m, 2h, 7d or forever)',
  },
  async run({ call, db, now }) {
    const lookup = await findMessage(db, call);
    if (lookup.kind === 'not-found') return invalid(lookup.reply);
    const { message } = lookup;
    const uid = showUid(message.wbor_message_id);
    if (message.sender === null) {
      return invalid(
        `${uid} came from ${shorten(message.source, 60) || 'an unknown source'} and has no sender, so there is nobody to ban.`,
      );
    }
    const length = readBanLength(lookup.rest);
    if (length.kind === 'invalid') return invalid(length.reply);

    await lockBanList(db);
    const before = (await readActiveBans(db, now)).find(({ sender }) => sender === message.sender);
    const until = length.lengthMs === null ? null : new Date(now.getTime() + length.lengthMs);
    const outgoing = await addBan(db, {
      sender: message.sender,
      until,
      reason: shorten(length.reason, MAX_REASON_LENGTH),
      about: message.wbor_message_id,
      call,
      now,
    });
    const end = until === null ? 'for good' : `until ${showTime(until)}`;
    const replaced = before ? ' This replaces the ban that was in force.' : '';
    return done(`Banned ${maskNumber(message.sender)} ${end}.${replaced} Undo: !unban ${uid}`, outgoing);
  },
};
