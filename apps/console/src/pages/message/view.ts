import { shownUid } from '@wbor/contracts';
import { maskName, maskNumber } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import { type Html, html } from '../../html.ts';
import { csrfField } from '../../layout/page.ts';
import { picture } from '../../layout/picture.ts';
import { when } from '../../layout/when.ts';
import { banForm } from '../bans/ban-form.ts';
import { filterPath } from '../messages/filter.ts';
import { messagePath, stateWords } from '../messages/view.ts';
import type { Story, StoryLine } from './queries.ts';
import { timeline } from './timeline.ts';

export interface MessagePageOptions {
  readonly clock: StationClock;
  readonly pictureOrigins: readonly string[];
  readonly session: Session;
  /** The number in full, for who has just asked for it. */
  readonly shown?: Html;
}

export function messagePage(story: Story, options: MessagePageOptions): Html {
  const { clock, pictureOrigins, session, shown } = options;
  const { id, lines, senders, state } = story;
  const maySeeBlocked = state?.name !== 'blocked' || mayActAs(session.role, 'moderator');
  const [first] = lines;
  const source = lines.map(({ detail }) => detail.source).find((name) => typeof name === 'string');
  const pictures = picturesOf(lines);
  return html`<h1>Message ${shownUid(id)}</h1>
    <p>${stateWords(state)}</p>
    <dl class="facts">
      <dt>Id</dt>
      <dd><code>${id}</code></dd>
      <dt>Source</dt>
      <dd>${source ? html`<a href=${filterPath({ source })}>${source}</a>` : 'unknown'}</dd>
      ${first && html`<dt>First seen</dt><dd>${when(first.occurred_at, clock)}</dd>`}
      ${senders.length > 0 && html`<dt>Sender</dt><dd>${senderFacts(story, session, shown)}</dd>`}
    </dl>
    ${
      senders.length > 0 &&
      mayActAs(session.role, 'moderator') &&
      html`<details>
        <summary>Ban the sender</summary>
        ${banForm({ csrf: session.csrf, action: `${messagePath(id)}/ban` })}
      </details>`
    }
    <h2>What it says</h2>
    ${
      maySeeBlocked
        ? textsOf(lines).map((text) => html`<pre class="words">${text}</pre>`)
        : html`<p class="muted">It was blocked. Its words are for moderators.</p>`
    }
    ${
      maySeeBlocked &&
      pictures.length > 0 &&
      html`<h2>Pictures</h2>
        ${pictures.map((address, index) => html`<p>${picture(address, pictureOrigins, `Picture ${index + 1} of the message`)}</p>`)}`
    }
    <h2>What happened</h2>
    ${timeline(story, clock)}`;
}

/** Several messages are called so. */
export function ambiguousPage(uid: string, items: Html): Html {
  return html`<h1>Several messages fit ${uid}</h1>
    <ul class="list">
      ${items}
    </ul>`;
}

/** What stands where the button was. */
export function shownNumber(senders: readonly string[]): Html {
  return html`<p role="status"><strong>${senders.join(', ')}</strong> <span class="muted">(that you looked is written down)</span></p>`;
}

function senderFacts({ id, lines, senders }: Story, session: Session, shown: Html | undefined): Html {
  const names = lines.map(({ detail }) =>
    typeof detail.sender_name === 'string' ? maskName(detail.sender_name) : undefined,
  );
  const name = names.find((candidate) => candidate !== undefined);
  const path = `${messagePath(id)}/number`;
  return html`<p>${[name, senders.map(maskNumber).join(', ')].filter(Boolean).join(' ')}</p>
    ${
      shown ??
      (mayActAs(session.role, 'moderator') &&
        html`<form method="post" action=${path} hx-post=${path} hx-swap="outerHTML">
          ${csrfField(session.csrf)}
          <button class="quiet">Show the number</button>
        </form>`)
    }
    <p><a href=${filterPath({ by: id })}>All messages of this sender</a></p>`;
}

/** The words of each part, as they were sent last. */
function textsOf(lines: readonly StoryLine[]): string[] {
  const posts = lines.filter(({ kind }) => kind === 'post' || kind === 'callback');
  const texts = new Map(posts.filter(({ text }) => text).map(({ part, text }) => [part ?? 1, text ?? '']));
  return texts.size === 0 ? ['(no text)'] : [...texts].toSorted(([a], [b]) => a - b).map(([, text]) => text);
}

/** As they were sent; of one that was not, where it would have come from. */
function picturesOf(lines: readonly StoryLine[]): string[] {
  const sent = lines
    .map(({ picture_url }) => picture_url)
    .filter((address) => address !== null && address !== '');
  const failed = lines
    .filter(({ kind, picture_url }) => kind === 'image' && !picture_url)
    .map(({ detail }) => detail.image_url)
    .filter((address) => typeof address === 'string');
  return [...new Set([...sent, ...failed])].filter((address) => address !== null);
}
