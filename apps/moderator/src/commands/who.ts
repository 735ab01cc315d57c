import { readActiveBans } from '../bans/ban-list.ts';
import { findMessage } from '../messages/find-message.ts';
import { describeText, maskName, maskNumber, shorten, showTime, showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

export const who: Command = {
  name: 'who',
  restricted: false,
  help: { added: '!who <UID> - Tell who sent a message' },
  async run({ call, db, now }) {
    const lookup = await findMessage(db, call);
    if (lookup.kind === 'not-found') return invalid(lookup.reply);
    const { message } = lookup;
    const about = `${showUid(message.wbor_message_id)}, ${showTime(message.first_at)}, ${describeText(message)}`;
    if (message.sender === null) {
      return done(
        `${about}: from ${shorten(message.source, 60) || 'an unknown source'}, which has no sender.`,
      );
    }
    const name = maskName(message.sender_name);
    const from = `${maskNumber(message.sender)}${name === undefined ? '' : ` (${name})`}`;
    const ban = (await readActiveBans(db, now)).find(({ sender }) => sender === message.sender);
    const end = ban?.until ? `until ${showTime(ban.until)}` : 'for good';
    return done(`${about}: from ${from}, ${ban ? `banned ${end}` : 'not banned'}.`);
  },
};
