import { shorten } from '@wbor/message-text';
import type { CommandCall } from '../intake/read-command.ts';
import { isSurelyUid } from '../messages/read-uid.ts';
import { ban } from './ban.ts';
import { bans } from './bans.ts';
import { clear } from './clear.ts';
import { createHelp } from './help.ts';
import { ping } from './ping.ts';
import { stats } from './stats.ts';
import { status } from './status.ts';
import { suggest } from './suggest.ts';
import { type Command, type CommandResult, invalid } from './types.ts';
import { unban } from './unban.ts';
import { who } from './who.ts';

/** What was typed is repeated in the chat, so it is kept short. */
const MAX_HINT_LENGTH = 120;

/** In the order in which `!help` lists them. */
const listed: readonly Command[] = [ping, ban, unban, bans, stats, who, status, clear];

const commands: ReadonlyMap<string, Command> = new Map(
  [createHelp(listed), ...listed].map((command) => [command.name, command]),
);

export const commandNames: readonly string[] = [...commands.keys()];

export function findCommand(name: string): Command | undefined {
  return commands.get(name);
}

/** The original's text to the letter, and a suggestion after it. */
export function unknownCommand({
  argument,
  command: name,
}: Pick<CommandCall, 'command' | 'argument'>): CommandResult {
  const meant = withBlank(name, argument) ?? suggest(name, commandNames);
  return invalid(
    `Unknown command.\n\nType \`!help\` to see a list of available commands.${meant === undefined ? '' : `\n\nDid you mean \`!${meant}\`?`}`,
  );
}

/** "ban 12345678 2h" for "ban12345678 2h"; undefined where no UID follows a command. */
function withBlank(name: string, argument: string): string | undefined {
  return commandNames
    .toSorted((a, b) => b.length - a.length)
    .filter((command) => name.startsWith(command))
    .map((command) => ({ command, uid: name.slice(command.length).replace(/^_+/, '') }))
    .filter(({ uid }) => uid.length <= 40 && (/^[0-9a-f]{4,}$/.test(uid) || /\d/.test(uid)))
    .map(({ command, uid }) => {
      // The name of a command ends at the first hyphen of a UUID.
      const isGlued = isSurelyUid(`${uid}${argument.split(/\s/, 1)[0]}`);
      return shorten(`${command} ${uid}${isGlued ? '' : ' '}${argument}`, MAX_HINT_LENGTH);
    })[0];
}
