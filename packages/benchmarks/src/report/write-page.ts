/** What stands between these is written by `npm run bench -- --write`; the rest of the page by people. */
const BEGIN = '<!-- begin: npm run bench -- --write -->';
const END = '<!-- end -->';

/** The page with a new table. @throws Error when the page has no place for it. */
export function replaceTable(page: string, table: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END, from);
  if (from === -1 || to === -1) throw new Error(`the page has no ${BEGIN} with an ${END} below it`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${table.trim()}\n\n${page.slice(to)}`;
}
