import { maskName, maskNumber, shorten } from '@wbor/message-text';
import { readActiveBans, sameSender } from '../bans/ban-list.ts';
import { findMessage } from '../messages/find-message.ts';
import { describeText, showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

export const who: Command = {
  name: 'who',
  restricted: false,
  help: { added: '!who <UID> - Tell who sent a message' },
  async run(context) {
    const { clock, db, normaliseSender, now } = context;
    const lookup = await findMessage(context);
    if (lookup.kind === 'not-found') return invalid(lookup.reply);
    const { message } = lookup;
    const page = `/messages/${encodeURIComponent(message.wbor_message_id)}`;
    const about = `${showUid(message.wbor_message_id)}, ${clock.showTime(message.first_at)}, ${describeText(message)}`;
    if (message.sender === null) {
      const from = shorten(message.source, 60) || 'an unknown source';
      return { ...done(`${about}: from ${from}, which has no sender.`), page };
    }
    const name = maskName(message.sender_name);
    const from = `${maskNumber(message.sender)}${name === undefined ? '' : ` (${name})`}`;
    const [ban] = sameSender(await readActiveBans(db, now), message.sender, normaliseSender);
    const end = ban?.until ? `until ${clock.showTime(ban.until)}` : 'for good';
    return { ...done(`${about}: from ${from}, ${ban ? `banned ${end}` : 'not banned'}.`), page };
  },
};
