import { parseCommandLine, UsageError } from '@wbor/command-line';

const PROFILES = ['demo', 'default'] as const;
export type Profile = (typeof PROFILES)[number];

export interface ComposeOptions {
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
export function parseComposeOptions(args: readonly string[]): ComposeOptions | 'help' {
  const { values } = parseCommandLine(args, {
    options: {
      profile: { type: 'string' },
      keep: { type: 'boolean' },
      'no-build': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const profiles = PROFILES.filter((name) => values.profile === undefined || values.profile === name);
  if (profiles.length === 0) throw new UsageError(`--profile ${values.profile}: must be demo or default`);
  return {
    keep: values.keep ?? false,
    build: values['no-build'] !== true,
    profiles,
  };
}
