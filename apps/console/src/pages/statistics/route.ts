import { maskNumber } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PageDeps } from '../../deps.ts';
import { type Html, html } from '../../html.ts';
import { barChart, showCount } from '../../layout/bar-chart.ts';
import { loadStatistics, type Statistics } from './queries.ts';

const SPANS = [30, 90, 365] as const;
const querystring = z.object({
  days: z.coerce.number().pipe(z.literal(SPANS)).catch(SPANS[0]),
});

/** How many messages, when, of whom. */
export const statisticsRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  app.get('/statistics', { schema: { querystring } }, async (request, reply) => {
    const { days } = request.query;
    const statistics = await loadStatistics(deps.db, days, deps.clock);
    return reply.page({
      title: 'Statistics',
      section: '/statistics',
      body: statisticsPage(statistics, days, deps.clock),
    });
  });
};

function statisticsPage(
  { byDay, byHour, bySource, countedSince, topSenders }: Statistics,
  days: number,
  clock: StationClock,
): Html {
  const since = countedSince === undefined ? '' : `, since ${clock.showDay(countedSince)}`;
  const total = byDay.reduce((sum, { messages }) => sum + messages, 0);
  return html`<h1>Statistics</h1>
    <nav aria-label="How far back">
      <ul>
        ${SPANS.map(
          (span) =>
            html`<li><a href=${`/statistics?days=${span}`} aria-current=${span === days ? 'page' : undefined}>${span} days</a></li>`,
        )}
      </ul>
    </nav>
    <p>${showCount(total)} messages in the last ${days} days.</p>
    <section class="card">
      <h2>By day</h2>
      ${barChart({
        label: `Messages on each of the last ${days} days`,
        columns: ['Day', 'Messages'],
        bars: byDay.map(({ messages, name }) => ({
          label: days > 90 ? name : name.slice(5),
          value: messages,
        })),
      })}
    </section>
    <section class="card">
      <h2>By source</h2>
      ${barChart({
        label: `Messages of each source in the last ${days} days`,
        columns: ['Source', 'Messages'],
        bars: bySource.map(({ messages, name }) => ({ label: name || 'unknown', value: messages })),
      })}
    </section>
    <section class="card">
      <h2>By hour of the day${since}</h2>
      ${barChart({
        label: `Messages in each hour of the day${since}`,
        columns: ['Hour', 'Messages'],
        bars: byHour.map(({ messages, name }) => ({ label: name, value: messages })),
      })}
    </section>
    <section class="card">
      <h2>Who sends most${since}</h2>
      ${topSenders.length === 0 ? html`<p class="muted">Nobody has sent an SMS.</p>` : senderTable(topSenders)}
    </section>`;
}

function senderTable(senders: Statistics['topSenders']): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Sender</th>
          <th scope="col" class="number">Messages</th>
        </tr>
      </thead>
      <tbody>
        ${senders.map(
          ({ messages, name }) => html`<tr>
            <th scope="row">${maskNumber(name)}</th>
            <td class="number">${showCount(messages)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
