import { text } from 'node:stream/consumers';
import { ProducerError } from '../errors.ts';
import { EXIT, parseCommand, USAGE } from './command.ts';
import { runCommand } from './run.ts';
import { readSettings, toProducerOptions, UsageError } from './settings.ts';

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  if (command.action === 'help') {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  const options = toProducerOptions(readSettings(process.env, command.config), command.source);
  // One line end at the end of a text is the shell's.
  const given =
    command.action === 'send' && command.text === undefined
      ? { text: (await text(process.stdin)).replace(/\r?\n$/, '') }
      : {};
  return runCommand({ ...command, ...given }, options, (words) => process.stdout.write(words));
}

let code: number;
try {
  code = await main();
} catch (error) {
  const known = error instanceof UsageError || error instanceof ProducerError;
  // What else an error says may hold an address with a password.
  process.stderr.write(`wbor-send: ${known ? error.message : 'an unexpected fault'}\n`);
  const isUsage = error instanceof UsageError || (known && error.code.startsWith('INVALID'));
  code = isUsage ? EXIT.usage : EXIT.failed;
}
// A connection to a dead network must not hold the process.
process.stdout.write('', () => process.exit(code));
