import { expect, it } from 'vitest';
import { commandNames, findCommand } from './index.ts';

it('lists every command, the lines of the original first and to the letter', async () => {
  const help = await findCommand('help')?.run({} as never);
  expect(help?.reply).toBe(`Available commands:
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
Instead of typing a UID you can reply to the message.`);
  for (const name of commandNames) expect(help?.reply).toContain(`\n!${name}`);
});
