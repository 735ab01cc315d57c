import type { AssetName } from '../assets.ts';
import type { Session } from '../auth/session-store.ts';
import { type Html, html, render } from '../html.ts';

/** A page as a route gives it. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  /** The entry of the navigation that it belongs to, by its address. */
  readonly section?: string;
}

const SECTIONS = [
  ['/', 'Now'],
  ['/messages', 'Messages'],
  ['/parked', 'Parked'],
  ['/bans', 'Bans'],
  ['/sources', 'Sources'],
  ['/statistics', 'Statistics'],
] as const;

export interface Surroundings {
  readonly session: Session | undefined;
  readonly timeZone: string;
  /** What the page before has to say, once. */
  readonly flash: string | undefined;
  readonly assetPath: (name: AssetName) => string;
}

/** htmx may neither evaluate text nor write styles: the content security policy forbids both. */
const HTMX_CONFIG = JSON.stringify({
  allowEval: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
});

/** Renders a whole document. */
export function renderPage(page: Page, { assetPath, flash, session, timeZone }: Surroundings): string {
  return `<!doctype html>${render(html`
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content=${HTMX_CONFIG} />
        <title>${page.title} – WBOR console</title>
        <meta name="description" content="What goes through the station’s message relay" />
        <link rel="icon" href=${assetPath('icon.svg')} />
        <link rel="stylesheet" href=${assetPath('console.css')} />
        <script src=${assetPath('htmx.js')} defer></script>
        <script src=${assetPath('sse.js')} defer></script>
        <script src=${assetPath('console.js')} defer></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/">WBOR <span>console</span></a>
          ${session && navigation(page.section)} ${session && account(session)}
        </header>
        <main id="content" tabindex="-1">
          ${flash && html`<p class="flash" role="status">${flash}</p>`} ${page.body}
        </main>
        <footer>Times are of ${timeZone}.</footer>
      </body>
    </html>
  `)}`;
}

function navigation(section: string | undefined): Html {
  return html`<nav aria-label="Pages">
    <ul>
      ${SECTIONS.map(
        ([href, name]) =>
          html`<li><a href=${href} aria-current=${href === section ? 'page' : undefined}>${name}</a></li>`,
      )}
    </ul>
  </nav>`;
}

function account({ csrf, name, role }: Session): Html {
  return html`<div class="account">
    <a href="/account">${name}<small>${role}</small></a>
    <form method="post" action="/sign-out">
      ${csrfField(csrf)}
      <button class="quiet">Sign out</button>
    </form>
  </div>`;
}

/** Belongs into each form that changes something. */
export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value=${csrf} />`;
}
