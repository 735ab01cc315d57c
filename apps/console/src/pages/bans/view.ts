import { shownUid } from '@wbor/contracts';
import { maskName, maskNumber } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import { type Html, html } from '../../html.ts';
import { csrfField } from '../../layout/page.ts';
import { when } from '../../layout/when.ts';
import { messagePath } from '../messages/view.ts';
import { banForm } from './ban-form.ts';
import type { Ban, BanChange } from './queries.ts';

interface BansPageOptions {
  readonly bans: readonly Ban[];
  readonly changes: readonly BanChange[];
  readonly hasMore: boolean;
  /** Of the history, counted from 1. */
  readonly page: number;
  readonly session: Session;
  readonly clock: StationClock;
}

export function bansPage(options: BansPageOptions): Html {
  const { bans, changes, clock, hasMore, page, session } = options;
  const mayBan = mayActAs(session.role, 'moderator');
  return html`<h1>Bans</h1>
    <p>Whoever is banned sends SMS that do not come into the chat. They are not told.</p>
    <h2>Banned now</h2>
    ${bans.length === 0 ? html`<p>Nobody is banned.</p>` : bansTable(bans, session, clock)}
    ${
      mayBan &&
      html`<h2>Ban a number</h2>
        ${banForm({ csrf: session.csrf, action: '/bans', asksForNumber: true })}`
    }
    <h2>History</h2>
    ${changes.length === 0 ? html`<p>${page === 1 ? 'Nobody was ever banned.' : 'Nothing is older.'}</p>` : changesTable(changes, clock)}
    <p class="row">
      ${page > 1 && html`<a class="button" href=${historyPath(page - 1)}>Newer changes</a>`}
      ${hasMore && html`<a class="button" href=${historyPath(page + 1)}>Older changes</a>`}
    </p>`;
}

function bansTable(bans: readonly Ban[], session: Session, clock: StationClock): Html {
  const mayUnban = mayActAs(session.role, 'moderator');
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">Number</th>
          <th scope="col">Until</th>
          <th scope="col">Reason</th>
          <th scope="col">By</th>
          <th scope="col">Since</th>
          <th scope="col">Message</th>
          ${mayUnban && html`<th scope="col"><span class="hidden">Unban</span></th>`}
        </tr>
      </thead>
      <tbody>
        ${bans.map(
          (ban) => html`<tr>
            <th scope="row">${maskNumber(ban.sender)}</th>
            <td>${end(ban.until, clock)}</td>
            <td>${ban.reason}</td>
            <td>${who(ban.banned_by, ban.banned_by_name)}</td>
            <td>${when(ban.banned_at, clock)}</td>
            <td>${about(ban.about)}</td>
            ${mayUnban && html`<td>${unbanForm(ban, session)}</td>`}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function unbanForm({ id, sender }: Ban, { csrf }: Session): Html {
  return html`<form method="post" action=${`/bans/${id}/unban`}>
    ${csrfField(csrf)}
    <button class="quiet" aria-label=${`Unban ${maskNumber(sender)}`}>Unban</button>
  </form>`;
}

const ACTIONS: Readonly<Record<string, string>> = { ban: 'banned', unban: 'unbanned', expired: 'ran out' };

function changesTable(changes: readonly BanChange[], clock: StationClock): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Number</th>
          <th scope="col">What</th>
          <th scope="col">Until</th>
          <th scope="col">Reason</th>
          <th scope="col">By</th>
          <th scope="col">Message</th>
        </tr>
      </thead>
      <tbody>
        ${changes.map(
          (change) => html`<tr>
            <td>${when(change.occurred_at, clock)}</td>
            <th scope="row">${maskNumber(change.sender ?? '')}</th>
            <td>${ACTIONS[change.action ?? ''] ?? change.action}</td>
            <td>${change.action === 'ban' && end(change.until, clock)}</td>
            <td>${change.reason}</td>
            <td>${change.action !== 'expired' && who(change.caller, change.caller_name)}</td>
            <td>${about(change.about)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function end(until: Date | null, clock: StationClock): Html {
  return until === null ? 'for good' : when(until, clock);
}

function who(id: string | null, name: string | null): Html {
  const shown = maskName(name) ?? 'somebody';
  return id?.startsWith('console:') ? `${shown} (console)` : shown;
}

function about(id: string | null): Html {
  return id === null ? '' : html`<a href=${messagePath(id)}>${shownUid(id)}</a>`;
}

function historyPath(page: number): string {
  return page === 1 ? '/bans' : `/bans?page=${page}`;
}
