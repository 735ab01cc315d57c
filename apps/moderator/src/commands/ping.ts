import { shorten } from '@wbor/message-text';
import { type Command, done } from './types.ts';

/** As the original: the first word is taken for a UID, and nothing is looked up. */
export const ping: Command = {
  name: 'ping',
  restricted: false,
  help: { original: '!ping - Check if the bot is online' },
  async run({ call }) {
    const [uid = ''] = call.argument.split(/\s/, 1);
    return done(`Pong! UID: ${uid === '' ? 'NO_UID' : shorten(uid, 128)}`);
  },
};
