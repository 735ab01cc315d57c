import { RESERVED_SOURCES, sourceSchema } from '@wbor/contracts';
import type { StationClock } from '@wbor/station-clock';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import { type Html, html } from '../../html.ts';
import { barChart, showCount } from '../../layout/bar-chart.ts';
import { csrfField } from '../../layout/page.ts';
import { when } from '../../layout/when.ts';
import { filterPath } from '../messages/filter.ts';
import { messagePath } from '../messages/view.ts';
import type { SourceFacts } from './queries.ts';
import { judgeSilence } from './silence.ts';
import { expiryOf, type SourceToken } from './tokens.ts';

export interface SourcesPageOptions {
  readonly clock: StationClock;
  readonly session: Session;
  readonly now: Date;
  /** Of all sources; undefined where nothing is known of tokens. */
  readonly tokens: readonly SourceToken[] | undefined;
  /** The id of a test that was just sent. */
  readonly sent: string | undefined;
}

export function sourcesPage(sources: readonly SourceFacts[], options: SourcesPageOptions): Html {
  const { now, sent, tokens } = options;
  const heard = new Set(sources.map(({ source }) => source));
  const silent = tokens?.filter(({ source }) => !heard.has(source)) ?? [];
  return html`<h1>Sources</h1>
    ${sent !== undefined && html`<p class="flash" role="status">The test is on its way. <a href=${messagePath(sent)}>What became of it</a> is known in some seconds.</p>`}
    ${sources.length === 0 && html`<p>No source has sent anything yet. The page of each program in docs/sources tells what to set where.</p>`}
    ${sources.map((facts) => card(facts, options))}
    ${
      silent.length > 0 &&
      html`<h2>Tokens of sources that have sent nothing</h2>
        ${tokenList(silent, now)}`
    }`;
}

function tokenList(tokens: readonly SourceToken[], now: Date, isOfOne = false): Html {
  return html`<ul>
    ${tokens.map((token) => {
      const { tone, words } = expiryOf(token, now);
      return html`<li>${!isOfOne && `${token.source}: `}token <code>${token.id}</code> <span class=${`state ${tone}`}>${words}</span></li>`;
    })}
  </ul>`;
}

function card({ days, lastAt, lastTimes, messages, source }: SourceFacts, options: SourcesPageOptions): Html {
  const { clock, now, session, tokens } = options;
  const own = tokens?.filter((token) => token.source === source) ?? [];
  const silence = judgeSilence(lastTimes, now);
  const name = source || 'unknown source';
  const mayTest = mayActAs(session.role, 'operator') && isTestable(source);
  return html`<section class=${silence.isUnusual ? 'card needs' : 'card'}>
    <h2>${name}</h2>
    <p class=${silence.isUnusual ? 'state bad' : 'state good'}>${name} has been ${silence.words}</p>
    <p class="meta">
      <span>last heard ${when(lastAt, clock, now)}</span>
      <a href=${filterPath({ source })}>${showCount(messages)} ${messages === 1 ? 'message' : 'messages'} in all</a>
    </p>
    ${barChart({
      label: `Messages of ${name} on each of the last ${days.length} days`,
      columns: ['Day', 'Messages'],
      bars: days.map(({ day, messages: value }) => ({ label: day.slice(5), value })),
      height: 120,
    })}
    ${own.length > 0 && tokenList(own, now, true)}
    ${
      mayTest &&
      html`<form method="post" action="/sources/test">
        ${csrfField(session.csrf)}
        <input type="hidden" name="source" value=${source} />
        <button data-confirm=${`Post a test as ${source} into the chat?`} aria-label=${`Send a test as ${source}`}>Send a test</button>
      </form>`
    }
  </section>`;
}

/** What others publish under keys of their own cannot be tested under the standard one. */
function isTestable(source: string): boolean {
  return sourceSchema.safeParse(source).success && !RESERVED_SOURCES.includes(source);
}
