import { type Command, done } from './types.ts';

/** The first six lines are the original's, to the letter. */
const HELP = `Available commands:
!help - Display this help message
!ping - Check if the bot is online
!ban <UID> - Ban a phone number from sending messages
!unban <UID> - Unban a phone number from sending messages
!stats <UID> - Display message statistics for a phone number
!ban <UID> 2h reason - Ban for a time (30m, 2h, 7d or forever)
!unban 1234 - Unban the number with these last digits
!bans - List the bans
!stats, !stats today, !stats week, !stats <source> - Statistics of all messages
!who <UID> - Tell who sent a message
!status - Tell how things are
!clear - Clear the studio dashboard
Instead of typing a UID you can reply to the message.`;

export const help: Command = { name: 'help', restricted: false, run: async () => done(HELP) };
