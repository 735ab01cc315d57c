import { firstWords, maskName, maskNumber } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import { type Html, html } from '../../html.ts';
import { csrfField } from '../../layout/page.ts';
import { when } from '../../layout/when.ts';
import { type MessageState, stateNames } from '../../messages/state.ts';
import { type Filter, filterPath } from './filter.ts';
import type { ListedMessage, MessageList } from './queries.ts';

export function messagesPage(options: {
  readonly list: MessageList;
  readonly filter: Filter;
  readonly sources: readonly string[];
  readonly session: Session;
  readonly clock: StationClock;
}): Html {
  const { clock, filter, list, session, sources } = options;
  const isFirst = filter.before === undefined;
  return html`<h1>Messages</h1>
    ${form(filter, sources)} ${mayActAs(session.role, 'moderator') && numberForm(session)}
    ${!isFirst && html`<p><a href=${filterPath({ ...filter, before: undefined, beforeId: undefined })}>Back to the newest</a></p>`}
    ${
      list.messages.length === 0 && list.next === undefined
        ? html`<p>${isFirst ? 'No message fits. Leave something out above, or look for less of a word.' : 'There are no older ones.'}</p>`
        : html`<ul class="list">
            ${messageItems(list, filter, clock)}
          </ul>`
    }`;
}

/** The rows alone, with a link to the next ones, which htmx follows when it comes into sight. */
export function messageItems(list: MessageList, filter: Filter, clock: StationClock): Html {
  return [...list.messages.map((message) => item(message, clock)), older(list, filter, clock)];
}

/** A message in a list. */
export function item(message: ListedMessage, clock: StationClock): Html {
  const { blocked, first_at, sender, sender_name, source, state, text, wbor_message_id } = message;
  // The audit notes it of a first attempt only.
  const words = blocked || state?.name === 'blocked' ? '(blocked)' : firstWords(text) || '(no text)';
  return html`<li>
    <div class="meta">
      ${stateWords(state)} ${when(first_at, clock)}
      <span>${source || 'unknown source'}</span>
      ${sender !== null && html`<span>from ${[maskName(sender_name), maskNumber(sender)].filter(Boolean).join(' ')}</span>`}
    </div>
    <p class="words"><a href=${messagePath(wbor_message_id)}>${words}</a></p>
  </li>`;
}

export function messagePath(id: string): string {
  // Ids are their producers' text, and of half a character an address cannot be made.
  return `/messages/${encodeURIComponent(id.toWellFormed())}`;
}

export function stateWords(state: MessageState | undefined): Html {
  return state === undefined
    ? html`<span class="state">state unknown</span>`
    : html`<span class=${`state ${state.tone}`}>${state.words}</span>`;
}

function older({ lookedBackTo, messages, next }: MessageList, filter: Filter, clock: StationClock): Html {
  if (next === undefined) return null;
  const path = filterPath({ ...filter, ...next });
  // Where nothing was found, a person says whether to go on.
  const trigger = messages.length > 0 ? 'revealed' : 'click';
  return html`<li>
    <a href=${path} hx-get=${path} hx-trigger=${trigger} hx-target="closest li" hx-swap="outerHTML">Older messages</a>
    ${lookedBackTo && html` <span class="muted">(looked back to ${when(lookedBackTo, clock)})</span>`}
  </li>`;
}

function form(filter: Filter, sources: readonly string[]): Html {
  const { by, from, q, sender, source, state, to, uid, whole } = filter;
  const known = source === undefined || sources.includes(source) ? sources : [source, ...sources];
  const isNarrow = [uid, sender, by, from, to].some((value) => value !== undefined);
  return html`<form method="get" action="/messages" role="search" class="card stack">
    <div class="row">
      <label>Words, or parts of them <input name="q" type="search" value=${q} maxlength="200" /></label>
      <label>
        Source
        <select name="source">
          <option value="">all</option>
          ${known.map((name) => html`<option value=${name} selected=${name === source}>${name}</option>`)}
        </select>
      </label>
      <label>
        State
        <select name="state">
          <option value="">all</option>
          ${Object.entries(stateNames).map(
            ([name, words]) => html`<option value=${name} selected=${name === state}>${words}</option>`,
          )}
        </select>
      </label>
    </div>
    <details open=${isNarrow}>
      <summary>More</summary>
      <div class="row">
        <label>UID, as the chat shows it <input name="uid" value=${uid} maxlength="256" autocapitalize="none" autocomplete="off" /></label>
        <label>Last 4 digits of the sender’s number <input name="sender" value=${sender} pattern="\\d{4}" maxlength="4" inputmode="numeric" autocomplete="off" /></label>
        <label>From <input name="from" type="date" value=${from} /></label>
        <label>Up to <input name="to" type="date" value=${to} /></label>
        <label class="inline"><input name="whole" type="checkbox" value="yes" checked=${whole === 'yes'} /> Whole words only</label>
      </div>
      ${by !== undefined && html`<label class="inline"><input name="by" type="checkbox" value=${by} checked /> Only of the sender of the message ${by}</label>`}
      <p class="muted">Words are looked for in the first 200 characters of a message.</p>
    </details>
    <div class="row">
      <button class="main">Search</button>
      <a class="button" href="/messages">Everything</a>
    </div>
  </form>`;
}

/** Not part of the other form, so that the number stands in no address. */
function numberForm({ csrf }: Session): Html {
  return html`<details class="card">
    <summary>All messages of a number</summary>
    <form method="post" action="/messages/of-number" class="row">
      ${csrfField(csrf)}
      <label>Number, in full <input name="number" type="tel" required minlength="4" maxlength="100" autocomplete="off" /></label>
      <button>Find</button>
    </form>
    <p class="muted">That you looked for it is written down.</p>
  </details>`;
}
