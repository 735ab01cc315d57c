import process from 'node:process';
import { errorMessage } from '@wbor/async';
import { runTokenCommand, USAGE, UsageError } from './command.ts';

try {
  runTokenCommand(process.argv.slice(2), process.env, {
    out: (text) => process.stdout.write(text),
    note: (text) => process.stderr.write(text),
  });
} catch (error) {
  process.stderr.write(`token: ${errorMessage(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
