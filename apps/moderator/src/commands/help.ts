import { type Command, done } from './types.ts';

/** Makes `!help` of the commands that it lists after itself. */
export function createHelp(others: readonly Command[]): Command {
  const help: Command = {
    name: 'help',
    restricted: false,
    help: { original: '!help - Display this help message' },
    run: async () => done(text),
  };
  const text = formatHelp([help, ...others]);
  return help;
}

/** First the text of the program before this one, to the letter, then what has been added. */
function formatHelp(commands: readonly Command[]): string {
  return [
    'Available commands:',
    ...commands.flatMap((command) => command.help.original ?? []),
    ...commands.flatMap((command) => command.help.added ?? []),
    'Instead of typing a UID you can reply to the message.',
  ].join('\n');
}
