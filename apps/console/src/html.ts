import { html as bound } from 'htm/preact';
import { type ComponentChildren, Fragment, h } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** A piece of a page. Text in one is escaped when it is rendered. */
export type Html = ComponentChildren;

/**
 * Makes a piece of a page: `` html`<p class=${name}>${text}</p>` ``. Values are text, other pieces, or arrays of them; of an attribute
 * `undefined` and `false` leave it away.
 */
export const html: (strings: TemplateStringsArray, ...values: readonly unknown[]) => Html = bound;

export function render(piece: Html): string {
  return renderToString(h(Fragment, null, piece));
}
