import { parseArgs } from 'node:util';

export const HELP = `A GroupMe that runs on this machine: API, image service, callbacks, faults, a chat page.

  node src/main.ts [options]

  --port <number>       default 5400
  --host <address>      default 127.0.0.1; the control routes are open to whoever reaches it
  --callback-url <url>  where the bot is called back; default: nowhere
  --help
`;

const DEFAULT_PORT = 5400;

export interface CliOptions {
  readonly help: boolean;
  readonly host: string;
  readonly port: number;
  readonly callbackUrl: string | undefined;
}

/** @throws Error that names the wrong argument. */
export function parseCli(args: readonly string[]): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      'callback-url': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error('--port must be a number from 0 to 65535');
  }
  const callbackUrl = values['callback-url'];
  if (callbackUrl !== undefined && !/^https?:\/\//.test(callbackUrl)) {
    throw new Error('--callback-url must be an http(s) address');
  }
  return { help: values.help ?? false, host: values.host ?? '127.0.0.1', port, callbackUrl };
}
