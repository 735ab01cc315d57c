import { median, type Spread, spreadOf } from '../measure/statistics.ts';
import type { ScenarioResult, VariantResult } from '../run-bench.ts';
import type { Measured } from '../types.ts';

/** One figure: ours, and beside each floor. */
export interface Figure {
  readonly scenario: string;
  readonly metric: string;
  readonly unit: string;
  readonly ours: Spread | undefined;
  readonly floors: readonly FloorFigure[];
}

interface FloorFigure {
  readonly name: string;
  readonly spread: Spread | undefined;
  /** Ours divided by the floor's of the same round. */
  readonly ratio: Spread | undefined;
}

/** What a process used. */
export interface ProcessFigure {
  readonly scenario: string;
  readonly variant: string;
  readonly process: string;
  /** Median of the rounds. */
  readonly cpuMs: number;
  /** The same, where the work was counted. */
  readonly cpuMsPerMessage: number | undefined;
  /** The most of all rounds. */
  readonly peakMiB: number;
}

export function summariseFigures(result: ScenarioResult): Figure[] {
  const all = [result.ours, ...result.floors].flatMap(({ rounds }) => rounds);
  // A quick run leaves out what takes long.
  const measured = result.metrics.filter(({ name }) => all.some(({ values }) => values[name] !== undefined));
  return measured.map(({ name, unit }) => ({
    scenario: result.name,
    metric: name,
    unit,
    ours: spreadIfAny(result.ours.rounds.map(({ values }) => values[name])),
    floors: result.floors.map((floor) => ({
      name: floor.name,
      spread: spreadIfAny(floor.rounds.map(({ values }) => values[name])),
      ratio: spreadIfAny(
        result.ours.rounds.map(({ values }, round) =>
          divide(values[name], floor.rounds[round]?.values[name]),
        ),
      ),
    })),
  }));
}

export function summariseProcesses(result: ScenarioResult): ProcessFigure[] {
  return [result.ours, ...result.floors].flatMap((variant) =>
    processesOf(variant).map((process) => {
      const uses = variant.rounds.flatMap(({ messages, processes }) => {
        const use = processes[process];
        return use === undefined ? [] : [{ ...use, messages }];
      });
      const perMessage = uses.flatMap(({ cpuMs, messages }) => (messages ? [cpuMs / messages] : []));
      return {
        scenario: result.name,
        variant: variant.name,
        process,
        cpuMs: median(uses.map(({ cpuMs }) => cpuMs)),
        cpuMsPerMessage: perMessage.length === 0 ? undefined : median(perMessage),
        peakMiB: Math.max(...uses.map(({ peakMiB }) => peakMiB)),
      };
    }),
  );
}

function processesOf({ rounds }: VariantResult): string[] {
  return [...new Set(rounds.flatMap(({ processes }: Measured) => Object.keys(processes)))];
}

function divide(ours: number | undefined, floor: number | undefined): number | undefined {
  return ours === undefined || floor === undefined ? undefined : ours / floor;
}

function spreadIfAny(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : spreadOf(known);
}
