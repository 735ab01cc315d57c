import { isUtf8 } from 'node:buffer';
import type { ParkedMessage } from '@wbor/parked';
import type { StationClock } from '@wbor/station-clock';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import { type Html, html } from '../../html.ts';
import { csrfField } from '../../layout/page.ts';
import { when } from '../../layout/when.ts';
import type { ListedParked, ParkedRef } from './parked.ts';
import { describeReason } from './reasons.ts';

export function parkedPath({ name, queue }: ParkedRef): string {
  return `/parked/${queue}/${encodeURIComponent(name)}`;
}

/** As one field of a form. */
function refValue({ name, queue }: ParkedRef): string {
  return `${queue} ${name}`;
}

export function listPage(
  { count, listed }: { readonly listed: readonly ListedParked[]; readonly count: number },
  session: Session,
  clock: StationClock,
): Html {
  const mayAct = mayActAs(session.role, 'operator');
  return html`<h1>Parked</h1>
    <p>
      What could not go on waits here for somebody. <strong>Replay</strong> gives a message back to where it came from, once the
      cause is mended; <strong>discard</strong> deletes it for good.
    </p>
    ${
      count === 0
        ? html`<p class="good state">Nothing is parked.</p>`
        : html`<form method="post" action="/parked/replay">
            ${csrfField(session.csrf)}
            <ul class="list">
              ${listed.map((message) => item(message, mayAct, clock))}
            </ul>
            ${count > listed.length && html`<p>These are the oldest ${listed.length} of ${count}.</p>`}
            ${
              mayAct
                ? html`<div class="row actions">
                    <button class="main">Replay those that are ticked</button>
                    <button
                      class="danger"
                      formaction="/parked/discard"
                      data-confirm="Delete the ticked messages for good?"
                    >
                      Discard them
                    </button>
                  </div>`
                : html`<p class="muted">An operator may replay or discard them.</p>`
            }
          </form>`
    }`;
}

function item(message: ListedParked, mayAct: boolean, clock: StationClock): Html {
  const { bytes, parkedAt, queue, reason, ref, wborMessageId } = message;
  const title = wborMessageId ?? message.id;
  return html`<li>
    <div class="meta">
      ${
        mayAct &&
        html`<label class="inline"
          ><input type="checkbox" name="ref" value=${refValue(ref)} /><span class="hidden">Tick ${title}</span></label
        >`
      }
      <span class="state bad">${describeReason(reason)}</span>
      ${parkedAt !== undefined && when(new Date(parkedAt), clock)}
      <span>from ${queue || 'an unknown queue'}</span>
      <span>${bytes.toLocaleString('en-US')} bytes</span>
    </div>
    <p class="words"><a href=${parkedPath(ref)}>${title}</a> <span class="muted">${message.error}</span></p>
  </li>`;
}

/** More than this nobody edits in a form. */
const MAX_EDITED_BYTES = 1_000_000;

export function messagePage(
  message: ParkedMessage,
  ref: ParkedRef,
  session: Session,
  clock: StationClock,
): Html {
  const { content, error, headers, parkedAt, queue, reason, routingKey, wborMessageId } = message;
  const isText = isUtf8(content);
  const mayAct = mayActAs(session.role, 'operator');
  const facts: readonly (readonly [string, Html])[] = [
    ['Why', describeReason(reason)],
    ['In words of the program', error || 'nothing more'],
    ['Parked', parkedAt === undefined ? 'unknown' : when(new Date(parkedAt), clock)],
    ['Came from', `${queue || 'an unknown queue'}, key ${routingKey}`],
    ['Message id', wborMessageId ?? 'none'],
    [
      'Size',
      `${content.length.toLocaleString('en-US')} bytes${isText ? '' : ', not UTF-8: shown as hexadecimal'}`,
    ],
  ];
  return html`<h1>Parked: ${wborMessageId ?? message.id}</h1>
    <dl class="facts">
      ${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
    ${
      mayAct
        ? actions(message, ref, session)
        : html`<h2>Body</h2>
            <p class="muted">An operator sees the body, edits and replays it: numbers may stand in it.</p>`
    }
    <h2>Headers</h2>
    <pre tabindex="0">${mayAct ? JSON.stringify(headers, null, 2) : Object.keys(headers).join('\n')}</pre>`;
}

function actions({ content }: ParkedMessage, ref: ParkedRef, session: Session): Html {
  const isText = isUtf8(content);
  const hidden = html`${csrfField(session.csrf)}<input type="hidden" name="ref" value=${refValue(ref)} />`;
  return html`<div class="row actions">
      <form method="post" action="/parked/replay">${hidden}<button class="main">Replay as it is</button></form>
      <form method="post" action="/parked/discard">
        ${hidden}<button class="danger" data-confirm="Delete this message for good?">Discard</button>
      </form>
    </div>
    <h2>Body</h2>
    ${
      isText && content.length <= MAX_EDITED_BYTES
        ? html`<form method="post" action="/parked/edit" class="stack">
            ${hidden}
            <label>Edit it, as JSON <textarea name="body" spellcheck="false">${content.toString()}</textarea></label>
            <button class="main">Replay with these words</button>
          </form>`
        : html`<pre tabindex="0">${hexDump(content)}</pre>`
    }`;
}

const DUMPED_BYTES = 4_096;
const BYTES_A_LINE = 16;

function hexDump(content: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(content.length, DUMPED_BYTES); at += BYTES_A_LINE) {
    const bytes = content.subarray(at, at + BYTES_A_LINE);
    const text = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    const hex = bytes
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(BYTES_A_LINE * 3);
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex} ${text}`);
  }
  if (content.length > DUMPED_BYTES) lines.push(`… and ${content.length - DUMPED_BYTES} bytes more`);
  return lines.join('\n');
}
