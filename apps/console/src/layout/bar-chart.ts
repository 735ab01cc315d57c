import { scaleBand, scaleLinear } from 'd3-scale';
import { type Html, html } from '../html.ts';

interface Bar {
  readonly label: string;
  readonly value: number;
}

export interface BarChart {
  /** What the bars count, as a sentence for who cannot see them. */
  readonly label: string;
  readonly bars: readonly Bar[];
  /** The heads of the table's columns: of the bars' labels, and of their values. */
  readonly columns: readonly [string, string];
  /** In units of the picture, which is as wide as there is room. Default 720. */
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { top: 8, right: 8, bottom: 20, left: 44 };
/** So wide a label of a bar is at most. */
const LABEL_WIDTH = 70;

/** A picture of bars, drawn here, and the same numbers as a table. */
export function barChart({ bars, columns, height = 180, label, width = 720 }: BarChart): Html {
  if (bars.length === 0) return html`<p class="muted">Nothing to count yet.</p>`;
  const x = scaleBand<number>()
    .domain(bars.map((_, index) => index))
    .range([MARGIN.left, width - MARGIN.right])
    .padding(0.15);
  const y = scaleLinear()
    .domain([0, Math.max(1, ...bars.map(({ value }) => value))])
    .nice(4)
    .range([height - MARGIN.bottom, MARGIN.top]);
  const ticks = y.ticks(4).filter(Number.isInteger);
  const every = Math.max(1, Math.ceil((bars.length * LABEL_WIDTH) / (width - MARGIN.left - MARGIN.right)));
  const round = (value: number): number => Math.round(value * 10) / 10;

  return html`<figure class="figure">
    <svg class="chart" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${label}>
      ${ticks.map(
        (
          tick,
        ) => html`<line class="grid" x1=${MARGIN.left} x2=${width - MARGIN.right} y1=${round(y(tick))} y2=${round(y(tick))} />
          <text x=${MARGIN.left - 6} y=${round(y(tick)) + 4} text-anchor="end">${showCount(tick)}</text>`,
      )}
      ${bars.map(
        ({ value }, index) =>
          html`<rect class="bar" x=${round(x(index) ?? 0)} y=${round(y(value))} width=${round(x.bandwidth())} height=${round(y(0) - y(value))} />`,
      )}
      ${bars.map(
        (bar, index) =>
          index % every === 0 &&
          html`<text x=${round((x(index) ?? 0) + x.bandwidth() / 2)} y=${height - 4} text-anchor="middle">${bar.label}</text>`,
      )}
    </svg>
    <details>
      <summary>The numbers</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">${columns[0]}</th>
              <th scope="col" class="number">${columns[1]}</th>
            </tr>
          </thead>
          <tbody>
            ${bars.map(
              (bar) => html`<tr>
                <th scope="row">${bar.label}</th>
                <td class="number">${showCount(bar.value)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

export function showCount(count: number): string {
  return count.toLocaleString('en-US');
}
