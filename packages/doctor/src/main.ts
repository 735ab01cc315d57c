import process from 'node:process';
import { runCommand } from './command.ts';

const code = await runCommand({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  bundleFolder: import.meta.dirname,
  stdout: process.stdout,
  stderr: process.stderr,
});
// What hangs is not waited for.
process.exit(code);
