import { createHash } from 'node:crypto';
import { firstWords, maskName, maskNumber } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import type { ServiceSight } from '../../health/look.ts';
import { type Html, html } from '../../html.ts';
import type { LiveMessage } from '../../live/live-message.ts';
import { messagePath } from '../messages/view.ts';
import type { Need } from './needs.ts';

/** The page; what it shows of messages comes over `/live`, and the rest anew every few seconds. */
export function nowPage(board: Html, list: Html): Html {
  return html`<h1>Now</h1>
    <div id="errors" role="alert"></div>
    <div id="board" hx-get="/now/board" hx-trigger="every 4s" hx-swap="innerHTML">${board}</div>
    <h2 id="live-title">Messages</h2>
    <div hx-ext="sse" sse-connect="/live">
      <p class="muted" id="link" data-lost="The connection is lost; trying again." data-live="Live.">Connecting.</p>
      <ul class="list" id="live" aria-labelledby="live-title" aria-live="off" sse-swap="list" hx-swap="innerHTML">
        ${list}
      </ul>
      <div hidden sse-swap="change" hx-swap="none"></div>
    </div>`;
}

export function liveList(messages: readonly LiveMessage[], clock: StationClock): Html {
  return messages.length === 0
    ? html`<li id="none">No message yet.</li>`
    : messages.map((message) => liveItem(message, clock));
}

/** What htmx does to the list: the changed message in its place, or a new one on top of it. */
export function liveChange(
  { gone, isNew, message }: { message: LiveMessage; isNew: boolean; gone: LiveMessage | undefined },
  clock: StationClock,
): Html {
  return [
    isNew
      ? html`<ul hx-swap-oob="afterbegin:#live">${liveItem(message, clock, 'new')}</ul>`
      : liveItem(message, clock, undefined, true),
    gone && html`<li id=${idOf(gone)} hx-swap-oob="delete"></li>`,
  ];
}

function liveItem(message: LiveMessage, clock: StationClock, name?: string, isSwapped = false): Html {
  const { at, id, sender, senderName, source, state } = message;
  const words = firstWords(message.text) || '(no text)';
  const from = [maskName(senderName ?? null), sender && maskNumber(sender)].filter(Boolean).join(' ');
  return html`<li id=${idOf(message)} class=${name} hx-swap-oob=${isSwapped ? 'true' : undefined}>
    <div class="meta">
      <span class=${`state ${state.tone}`}>${state.words}</span>
      <time datetime=${at.toISOString()}>${clock.showTime(at)}</time>
      <span>${source}</span>
      ${from && html`<span>from ${from}</span>`}
    </div>
    <p class="words">${id === undefined ? words : html`<a href=${messagePath(id)}>${words}</a>`}</p>
  </li>`;
}

/** Ids of messages are their producers' text; ours are for selectors. */
function idOf({ key }: LiveMessage): string {
  return `m-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

/** What needs somebody, on top, and how everything is. */
export function nowBoard(needs: readonly Need[], sights: readonly ServiceSight[]): Html {
  return html`<section aria-labelledby="needs-title">
      <h2 id="needs-title" class="hidden">What needs you</h2>
      ${
        needs.length === 0
          ? html`<p class="card state good">Nothing needs you.</p>`
          : html`<ul class="list needs">
              ${needs.map(
                ({ href, tone, words }) =>
                  html`<li><span class=${`state ${tone}`}>${href === undefined ? words : html`<a href=${href}>${words}</a>`}</span></li>`,
              )}
            </ul>`
      }
    </section>
    <section aria-labelledby="services-title">
      <h2 id="services-title">Services</h2>
      ${sights.length === 0 ? html`<p class="muted">SERVICES names none to look at.</p>` : html`<div class="cards">${sights.map(service)}</div>`}
    </section>
    ${queues(sights)}`;
}

function service({ faults, isReady, metrics, name, notices }: ServiceSight): Html {
  const pace = metrics.get('relay_pace_per_second');
  const isUnlimited = pace === Number.POSITIVE_INFINITY;
  return html`<div class="card">
    <strong>${name}</strong> <span class=${`state ${isReady ? 'good' : 'bad'}`}>${isReady ? 'ready' : 'not ready'}</span>
    ${pace !== undefined && html`<div class="muted">${isUnlimited ? 'no limit of pace' : `${round(pace)} posts a second`}</div>`}
    ${faults.map((fault) => html`<div class="bad">${fault}</div>`)}
    ${notices.map((notice) => html`<div class="wait">${notice}</div>`)}
  </div>`;
}

const READY = /^wbor_queue_messages_ready\{queue="([^"]+)"\}$/;

function queues(sights: readonly ServiceSight[]): Html {
  const rows = new Map<string, { ready: number; seconds: number }>();
  for (const { metrics } of sights) {
    for (const [name, ready] of metrics) {
      const queue = READY.exec(name)?.[1];
      if (queue === undefined) continue;
      rows.set(queue, { ready, seconds: metrics.get(`wbor_queue_waiting_seconds{queue="${queue}"}`) ?? 0 });
    }
    const held = metrics.get('relay_messages_held');
    if (held !== undefined) {
      const before = rows.get('in delivery')?.ready ?? 0;
      rows.set('in delivery', {
        ready: before + held,
        seconds: metrics.get('relay_outbox_oldest_age_seconds') ?? 0,
      });
    }
  }
  if (rows.size === 0) return null;
  return html`<details>
    <summary>Queues</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Oldest</th></tr>
        </thead>
        <tbody>
          ${[...rows].map(
            ([name, { ready, seconds }]) =>
              html`<tr><th scope="row">${name}</th><td class="number">${ready}</td><td class="number">${Math.round(seconds)} s</td></tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
