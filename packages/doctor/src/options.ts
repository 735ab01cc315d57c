import { parseCommandLine, UsageError } from '@wbor/command-line';
import { checks } from './checks/index.ts';
import { type ServiceName, serviceNames } from './services.ts';

export interface DoctorOptions {
  readonly json: boolean;
  readonly send: boolean;
  /** Undefined: those that this place is made for. */
  readonly services: readonly ServiceName[] | undefined;
}

export const USAGE = `doctor: looks for what is wrong with a deployment, and says what to do about it

  doctor [OPTIONS]

  --service NAME…    only what concerns these services: ${serviceNames.join(', ')}.
                     Default: all of them; in an image, the one that it is made for
  --send             post one message to the chat, too, and wait until GroupMe calls back
  --json             one JSON object for programs
  --help             this text

It reads the same environment as the services, and the files .env and apps/SERVICE/.env of this folder where a variable is not set.
Nothing is changed, and without --send nothing is sent. It looks at:

${checks.map(({ name, sends, summary }) => `  ${name.padEnd(18)} ${summary}${sends ? ' (only with --send)' : ''}`).join('\n')}

Exit code: 0 nothing is wrong (there may be warnings), 1 faults, 2 wrong usage.
`;

/** @throws UsageError */
export function parseOptions(argv: readonly string[]): DoctorOptions | 'help' {
  const { positionals, values } = parseCommandLine(argv, {
    allowPositionals: true,
    options: {
      service: { type: 'string', multiple: true },
      send: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  // --service relay gateway: what stands behind the first name belongs to it.
  if (positionals.length > 0 && values.service === undefined) {
    throw new UsageError(`unknown argument ${positionals[0]}`);
  }
  const named = [...(values.service ?? []), ...positionals];
  const services = named.map((name) => {
    const found = serviceNames.find((known) => known === name);
    if (found === undefined) throw new UsageError(`no service is called ${name}`);
    return found;
  });
  return {
    json: values.json === true,
    send: values.send === true,
    services: services.length === 0 ? undefined : [...new Set(services)],
  };
}
