import { parseArgs } from 'node:util';
import { messageOf } from '@wbor/testkit';
import { UsageError } from '../errors.ts';

const PROFILES = ['demo', 'default'] as const;
export type Profile = (typeof PROFILES)[number];

export interface ComposeOptions {
  readonly help: boolean;
  readonly profiles: readonly Profile[];
  readonly keep: boolean;
  readonly build: boolean;
}

export const COMPOSE_USAGE = `npm run compose:test [-- OPTIONS]: compose.yaml on the Docker engine of this machine

Builds all images and brings compose.yaml up, once with the profile demo and once by the commands of README.md, beside whatever else
runs here: with a project name, ports and volumes of its own, and with the simulator instead of GroupMe. While SMS and calls
of /send go through, it kills each container and restarts broker and database. In the end every message must be in the
chat and in the audit, once; no container may run as root, write to its own files, or be without limits; no image may add more than
120 MB to its base. DOCKER_HOST names another engine. Needs docker, with docker compose or docker-compose.

  --profile NAME     demo or default only. Default: both
  --no-build         with the images that are there, those of IMAGES and IMAGES_TAG if set
  --keep             leave the containers of the last profile running
  --help             this text

Exit code: 0 passed, 1 failed, 2 wrong options, 130 interrupted.
`;

/** @throws UsageError */
export function parseComposeOptions(args: readonly string[]): ComposeOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
  const profiles = PROFILES.filter((name) => values.profile === undefined || values.profile === name);
  if (profiles.length === 0) throw new UsageError(`--profile ${values.profile}: must be demo or default`);
  return {
    help: values.help ?? false,
    keep: values.keep ?? false,
    build: values['no-build'] !== true,
    profiles,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      profile: { type: 'string' },
      keep: { type: 'boolean' },
      'no-build': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
