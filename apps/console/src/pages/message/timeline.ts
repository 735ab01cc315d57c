import { maskName } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { type Html, html } from '../../html.ts';
import { when } from '../../layout/when.ts';
import { codeWords, evidenceWords, outcomeWords } from './outcome-words.ts';
import type { Story, StoryLine } from './queries.ts';

interface Entry {
  readonly at: Date;
  readonly tone: 'good' | 'wait' | 'bad' | '';
  readonly title: string;
  /** Short facts behind it. */
  readonly facts: readonly (string | undefined)[];
  /** Sentences below it. */
  readonly notes?: readonly (string | undefined)[];
}

/** Everything that happened to a message, from its receipt to its echo, and what people did about it. */
export function timeline({ deeds, isCut, lines }: Story, clock: StationClock): Html {
  const entries = lines.map(toEntry);
  const beside = deeds.map(
    ({ at, what, who }): Entry => ({ at, tone: '', title: `${who} ${what}`, facts: [] }),
  );
  for (const entry of [...lines.flatMap(arrival), ...beside]) {
    // The story has its order, which its times alone do not give: GroupMe's are whole seconds.
    const later = entries.findIndex(({ at }) => at > entry.at);
    entries.splice(later === -1 ? entries.length : later, 0, entry);
  }
  return html`<ol class="timeline">
      ${entries.map((entry) => item(entry, clock))}
    </ol>
    ${isCut && html`<p>… and more: this id was used often.</p>`}`;
}

function item({ at, facts, notes = [], title, tone }: Entry, clock: StationClock): Html {
  const present = (values: readonly (string | undefined)[]) => values.filter((value) => value !== undefined);
  return html`<li>
    <div class="meta">${when(at, clock)} ${present(facts).map((fact) => html`<span>${fact}</span>`)}</div>
    <p class=${tone === '' ? 'words' : `words state ${tone}`}>${title}</p>
    ${present(notes).map((note) => html`<p class="words">${note}</p>`)}
  </li>`;
}

/** How it came to us, which the row of its first call tells. */
function arrival({ detail }: StoryLine): Entry[] {
  const steps = [
    ['published_at', 'Its producer sent it', 'to within a second'],
    ['planned_at', 'The relay took it, and had it ready to post', undefined],
  ] as const;
  return steps.flatMap(([field, title, fact]) => {
    const value = detail[field];
    const at = new Date(typeof value === 'string' ? value : Number.NaN);
    return Number.isNaN(at.getTime()) ? [] : [{ at, tone: '' as const, title, facts: [fact] }];
  });
}

function toEntry(line: StoryLine): Entry {
  const { code, detail, kind, occurred_at: at, outcome } = line;
  const text = (name: string): string | undefined =>
    typeof detail[name] === 'string' ? detail[name] : undefined;
  const number = (name: string): number | undefined =>
    typeof detail[name] === 'number' ? detail[name] : undefined;
  const duration = number('duration_ms');
  const part = partWords(line, number('parts'));
  const call = [
    line.attempt === null ? undefined : `attempt ${line.attempt}`,
    codeWords(code),
    duration === undefined ? undefined : `${Math.round(duration)} ms`,
  ];
  switch (kind) {
    case 'post': {
      const { tone, words } = outcomeWords(outcome, code);
      const notes = [evidenceWords(text('evidence')), errorWords(text('error'))];
      return { at, tone, title: words, facts: [part, ...call], notes };
    }
    case 'image': {
      const { tone, words } = outcomeWords(outcome, code);
      const bytes = number('bytes');
      const facts = [
        ...call,
        text('content_type'),
        bytes === undefined ? undefined : `${Math.ceil(bytes / 1000)} kB`,
      ];
      const origin = text('image_url');
      const notes = [origin && `It came from ${origin}`, errorWords(text('error'))];
      return { at, tone, title: `Picture: ${words}`, facts, notes };
    }
    case 'echo':
      return { at, tone: 'good', title: 'The chat shows it', facts: [part, 'echo'] };
    case 'undisplayed': {
      const waited = number('waited_ms');
      const seconds = waited === undefined ? undefined : `waited ${Math.round(waited / 1000)} s`;
      return {
        at,
        tone: 'bad',
        title: 'GroupMe took it, and the chat has not shown it in time',
        facts: [part, seconds],
      };
    }
    case 'callback':
      return {
        at,
        tone: '',
        title: `${maskName(text('sender_name') ?? null) ?? 'Somebody'} wrote it in the chat`,
        facts: [],
      };
  }
}

function partWords({ part }: StoryLine, parts: number | undefined): string | undefined {
  if (part === null || parts === 1) return undefined;
  return parts === undefined ? `part ${part}` : `part ${part} of ${parts}`;
}

function errorWords(error: string | undefined): string | undefined {
  return error === undefined ? undefined : `It said: ${error}`;
}
