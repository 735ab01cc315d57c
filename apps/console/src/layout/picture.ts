import { type Html, html } from '../html.ts';

/** A picture if it is where pictures may come from; else its address as text, never as a link. */
export function picture(address: string, origins: readonly string[], description: string): Html {
  const url = URL.parse(address);
  const isOurs = url !== null && /^https?:$/.test(url.protocol) && origins.includes(url.origin);
  return isOurs
    ? html`<img class="picture" src=${url.href} alt=${description} loading="lazy" referrerpolicy="no-referrer" />`
    : html`<code class="words">${address}</code>`;
}
