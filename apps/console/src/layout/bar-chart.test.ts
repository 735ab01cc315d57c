import { expect, it } from 'vitest';
import { render } from '../html.ts';
import { barChart } from './bar-chart.ts';

const columns = ['Day', 'Messages'] as const;

it('draws bars whose heights are as their numbers', () => {
  const drawn = render(
    barChart({
      label: 'Messages',
      columns,
      bars: [0, 50, 100].map((value) => ({ label: `day ${value}`, value })),
    }),
  );
  const heights = [...drawn.matchAll(/class="bar"[^>]* height="([\d.]+)"/g)].map(([, height]) =>
    Number(height),
  );
  expect(heights).toEqual([0, 76, 152]);
  expect(drawn).toContain('role="img" aria-label="Messages"');
});

it('has the same numbers as a table, and no style of its own', () => {
  const drawn = render(barChart({ label: 'x', columns, bars: [{ label: '<b>', value: 1234 }] }));
  expect(drawn).toContain('<th scope="row">&lt;b></th><td class="number">1,234</td>');
  expect(drawn).not.toContain('style');
});

it('labels no more bars than there is room for', () => {
  const bars = Array.from({ length: 365 }, (_, day) => ({ label: `day ${day}`, value: day }));
  expect(render(barChart({ label: 'x', columns, bars })).match(/text-anchor="middle"/g)?.length).toBeLessThan(
    11,
  );
});

it('says that there is nothing', () => {
  expect(render(barChart({ label: 'x', columns, bars: [] }))).toContain('Nothing to count yet.');
});
