import { parseCommandLine, UsageError } from '@wbor/command-line';
import { scenarios as allScenarios } from './scenarios/index.ts';
import type { Scenario } from './types.ts';

export interface BenchCommand {
  readonly quick: boolean;
  readonly write: boolean;
  /** Whether the figures of the last report stay, where they are not measured anew. */
  readonly add: boolean;
  readonly rounds: number;
  readonly profile: boolean;
  readonly folder: string | undefined;
  readonly scenarios: readonly Scenario[];
}

const ROUNDS = 5;
const QUICK_ROUNDS = 2;

const width = Math.max(...allScenarios.map(({ name }) => name.length)) + 2;
const listed = allScenarios.map(
  ({ name, onlyByName, summary }) =>
    `  ${name.padEnd(width)}${summary}${onlyByName ? '. Only when it is named, or with --all' : ''}`,
);

export const BENCH_USAGE = `npm run bench [-- OPTIONS] [SCENARIO…]: measures the services beside bare floors

A broker and a Postgres of its own (or those of RABBITMQ_URL and DATABASE_URL); services and floors bundled, each a process.
In each round every one of them does the same, one after the other. Figures are medians of the rounds, with the least and
the most; ratios are ours to the floor's in the same round. Let nothing else run meanwhile.

  --quick        two short rounds: shows that everything runs, its figures are worth nothing
  --write        write the table into docs/performance.md
  --add          keep the last report's other figures, which must be of the same commit and machine
  --all          those too that otherwise run only when they are named
  --profile      profile the services; the report then says in which code their CPU was. Figures are lower
  --rounds N     default ${ROUNDS}
  --out DIR      where report.json and report.md go. Default .data/bench
  --help         this text

Scenarios:
${listed.join('\n')}

Exit code: 0 measured, 1 a scenario failed, 2 wrong options, 130 interrupted.
`;

/** @throws UsageError */
export function parseBenchOptions(args: readonly string[]): BenchCommand | 'help' {
  const { positionals, values } = parse(args);
  if (values.help) return 'help';
  const { add = false, profile = false, quick = false, write = false } = values;
  if (profile && write) throw new UsageError('--profile and --write: what is profiled is slower');
  if (quick && write) throw new UsageError('--quick and --write: quick figures are worth nothing');
  return {
    quick,
    write,
    add,
    profile,
    rounds: parseRounds(values.rounds) ?? (quick ? QUICK_ROUNDS : ROUNDS),
    folder: values.out,
    scenarios: pickScenarios(positionals, values.all ?? false),
  };
}

function pickScenarios(names: readonly string[], all: boolean): readonly Scenario[] {
  const unknown = names.find((name) => !allScenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `there is no scenario ${unknown}; there is ${allScenarios.map(({ name }) => name).join(', ')}`,
    );
  }
  if (names.length > 0) return allScenarios.filter(({ name }) => names.includes(name));
  return allScenarios.filter(({ onlyByName }) => all || !onlyByName);
}

function parseRounds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(value)) throw new UsageError(`--rounds ${value}: a number from 1 to 99`);
  return Number(value);
}

function parse(args: readonly string[]) {
  return parseCommandLine(args, {
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      write: { type: 'boolean' },
      add: { type: 'boolean' },
      all: { type: 'boolean' },
      profile: { type: 'boolean' },
      rounds: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}
