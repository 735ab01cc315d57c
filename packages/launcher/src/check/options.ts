import { parseCommandLine, UsageError } from '@wbor/command-line';

/** In the order in which they run. */
const STEP_NAMES = ['typecheck', 'lint', 'knip', 'unit', 'integration'] as const;
export type StepName = (typeof STEP_NAMES)[number];

export interface CheckOptions {
  readonly steps: readonly StepName[];
  /** Passed on to vitest: parts of file names. */
  readonly files: readonly string[];
  /** Passed on to vitest: a regular expression for test names. */
  readonly testNamePattern: string | undefined;
}

export const CHECK_USAGE = `npm test [-- OPTIONS] [-- FILES]: every check and test, then a summary

  --only STEP     only this step; may be repeated. One of ${STEP_NAMES.join(', ')}
  -t PATTERN      only tests whose name matches; runs no other checks
  FILES           only test files whose path contains one of these; runs no other checks
  --help          this text

RABBITMQ_URL and DATABASE_URL name a broker and a Postgres to use instead of starting some.
`;

/** @throws UsageError */
export function parseCheckOptions(args: readonly string[]): CheckOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const only = (values.only ?? []).flatMap((value) => value.split(','));
  for (const name of only) {
    if (!isStepName(name)) {
      throw new UsageError(`--only ${name}: there is ${STEP_NAMES.join(', ')}`);
    }
  }
  const filtered = positionals.length > 0 || values.testNamePattern !== undefined;
  // Who asks for some tests does not want to wait for the checks of everything.
  const usual: readonly StepName[] = filtered ? ['unit', 'integration'] : STEP_NAMES;
  return {
    steps: only.length === 0 ? usual : STEP_NAMES.filter((name) => only.includes(name)),
    files: positionals,
    testNamePattern: values.testNamePattern,
  };
}

function parse(args: readonly string[]) {
  return parseCommandLine(args, {
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true },
      testNamePattern: { type: 'string', short: 't' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function isStepName(name: string): name is StepName {
  return STEP_NAMES.some((known) => known === name);
}
