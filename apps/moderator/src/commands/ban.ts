import { maskNumber, shorten } from '@wbor/message-text';
import { addBan, lockBanList, readActiveBans, sameSender } from '../bans/ban-list.ts';
import { readBanLength } from '../bans/read-length.ts';
import { findMessage } from '../messages/find-message.ts';
import { showUid } from '../messages/show.ts';
import { type Command, done, invalid } from './types.ts';

const MAX_REASON_LENGTH = 200;

export const ban: Command = {
  name: 'ban',
  restricted: true,
  help: {
    original: '!ban <UID> - Ban a phone number from sending messages',
    added: '!ban <UID> 2h reason - Ban for a time (30m, 2h, 7d or forever)',
  },
  async run(context) {
    const { call, clock, db, normaliseSender, now } = context;
    const lookup = await findMessage(context, { forBan: true });
    if (lookup.kind === 'not-found') return invalid(lookup.reply);
    const { message } = lookup;
    const uid = showUid(message.wbor_message_id);
    const sender = normaliseSender(message.sender ?? '');
    if (sender === '') {
      return invalid(
        `${uid} came from ${shorten(message.source, 60) || 'an unknown source'} and has no sender, so there is nobody to ban.`,
      );
    }
    if (call.isCut) {
      return invalid(
        'I cannot read a text that long to its end, so nothing was done. A length and a short reason will do.',
      );
    }
    const length = readBanLength(lookup.rest, now, clock);
    if (length.kind === 'invalid') return invalid(length.reply);

    await lockBanList(db);
    const before = sameSender(await readActiveBans(db, now), sender, normaliseSender);
    const { until } = length;
    const outgoing = await addBan(db, {
      sender,
      until,
      reason: shorten(length.reason, MAX_REASON_LENGTH),
      about: message.wbor_message_id,
      call,
      now,
      normaliseSender,
    });
    const end = until === null ? 'for good' : `until ${clock.showTime(until)}`;
    const replaced = before.length > 0 ? ' This replaces the ban that was in force.' : '';
    const warning = context.describeRelays();
    return done(
      `Banned ${maskNumber(sender)} ${end}.${replaced} Undo: !unban ${uid}${warning === undefined ? '' : `\n${warning}`}`,
      outgoing,
    );
  },
};
