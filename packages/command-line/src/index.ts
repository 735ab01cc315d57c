export { parseCommandLine, UsageError } from './parse-command-line.ts';
export { runCommandLine } from './run-command-line.ts';
