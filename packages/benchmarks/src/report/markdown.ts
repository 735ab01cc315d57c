import type { Spread } from '../measure/statistics.ts';
import type { ProcessProfile } from '../profile/read-profiles.ts';
import type { BenchResult } from '../run-bench.ts';
import { type Figure, summariseFigures, summariseProcesses } from './summary.ts';

const NONE = '–';

/** Three digits that count. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The whole report of a run: figures beside their floors, and what processes used. */
export function toMarkdown(result: BenchResult): string {
  const { machine, quick, scenarios } = result;
  const failed = scenarios.filter(({ error }) => error !== undefined);
  return [
    `${machine.date.slice(0, 10)}, commit ${machine.commit || 'unknown'}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}, RabbitMQ ${machine.rabbitmq}, Postgres ${machine.postgres}. Load when it began: ${machine.loadBefore}.`,
    ...(quick ? ['', '**A quick run: these figures are worth nothing.**'] : []),
    '',
    '| scenario | figure | ours | bare floor | ratio | honest floor | ratio |',
    '|---|---|---|---|---|---|---|',
    ...scenarios.flatMap(summariseFigures).map(figureRow),
    '',
    '| scenario | variant | process | CPU ms a message | peak RSS, MiB |',
    '|---|---|---|---|---|',
    ...scenarios
      .flatMap(summariseProcesses)
      .map(({ cpuMsPerMessage, peakMiB, process, scenario, variant }) =>
        row(
          scenario,
          variant,
          process,
          cpuMsPerMessage === undefined ? NONE : showNumber(cpuMsPerMessage),
          showNumber(peakMiB),
        ),
      ),
    ...(failed.length === 0 ? [] : ['', ...failed.map(({ error, name }) => `**${name} failed**: ${error}`)]),
    '',
  ].join('\n');
}

/** Less than this of the CPU is not told. */
const LEAST_SHARE = 0.01;

/** In which code the CPU of each process was. Empty without profiles. */
export function profilesToMarkdown(profiles: readonly ProcessProfile[]): string {
  return profiles
    .flatMap(({ name, shares }) => [
      `| ${name}: CPU in | ms | share |`,
      '|---|---|---|',
      ...shares
        .filter(({ share }) => share >= LEAST_SHARE)
        .map(({ ms, share, where }) => row(where, showNumber(ms), `${(100 * share).toFixed(1)} %`)),
      '',
    ])
    .join('\n');
}

/** One line for somebody who watches. */
export function toLine({ floors, metric, ours, scenario, unit }: Figure): string {
  const beside = floors.flatMap(({ name, ratio, spread }) =>
    spread === undefined ? [] : [`${name} ${showNumber(spread.median)}, ratio ${showMedian(ratio)}`],
  );
  return [`${scenario}, ${metric}: ${showMedian(ours)} ${unit}`, ...beside].join('; ');
}

function figureRow({ floors: [bare, honest], metric, ours, scenario, unit }: Figure): string {
  return row(
    scenario,
    `${metric}, ${unit}`,
    showSpread(ours),
    showSpread(bare?.spread),
    showMedian(bare?.ratio),
    showSpread(honest?.spread),
    showMedian(honest?.ratio),
  );
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function showSpread(spread: Spread | undefined): string {
  if (spread === undefined) return NONE;
  const { least, median, most } = spread;
  return least === most
    ? showNumber(median)
    : `${showNumber(median)} (${showNumber(least)} to ${showNumber(most)})`;
}

function showMedian(spread: Spread | undefined): string {
  return spread === undefined ? NONE : showNumber(spread.median);
}
