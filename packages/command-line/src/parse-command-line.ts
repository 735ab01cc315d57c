import { type ParseArgsConfig, parseArgs } from 'node:util';
import { errorMessage } from '@wbor/async';

/** A command line that makes no sense. The message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/**
 * Node's `parseArgs`, without the program and the script.
 *
 * @throws UsageError of one sentence.
 */
export function parseCommandLine<const Config extends Omit<ParseArgsConfig, 'args'>>(
  args: readonly string[],
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs<Config>({ ...config, args: [...args] });
  } catch (error) {
    // Node goes on about arguments that begin with a dash.
    throw new UsageError(errorMessage(error).replace(/\. .*$/s, ''), { cause: error });
  }
}
