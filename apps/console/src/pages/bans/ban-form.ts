import { MAX_BAN_REASON_LENGTH } from '@wbor/contracts';
import { type Html, html } from '../../html.ts';
import { csrfField } from '../../layout/page.ts';
import { banLengthNames, banLengths } from './lengths.ts';

/**
 * A form that bans a number, or the sender of a message: for moderators.
 *
 * @param options.action `/bans`, which asks for the number, or `/messages/ID/ban`.
 */
export function banForm(options: {
  readonly csrf: string;
  readonly action: string;
  readonly asksForNumber?: boolean;
}): Html {
  const { action, asksForNumber = false, csrf } = options;
  return html`<form method="post" action=${action} class="row">
    ${csrfField(csrf)}
    ${
      asksForNumber &&
      html`<label>Number <input name="number" type="tel" required maxlength="64" autocomplete="off" /></label>`
    }
    <label>
      For how long
      <select name="length">
        ${banLengthNames.map((name) => html`<option value=${name}>${banLengths[name].words}</option>`)}
      </select>
    </label>
    <label>Reason, which the chat sees <input name="reason" maxlength=${MAX_BAN_REASON_LENGTH} autocomplete="off" /></label>
    <button class="danger">${asksForNumber ? 'Ban' : 'Ban the sender'}</button>
  </form>`;
}
