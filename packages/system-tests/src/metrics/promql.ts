/** What an expression of PromQL names. */
export interface NamedInPromql {
  /** Without the endings of a histogram's samples. */
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset']);
/** Those in which labels are listed. */
const GROUPING = /\b(by|without|on|ignoring)\s*\(([^)]*)\)/g;
const SELECTOR = /\{([^}]*)\}/g;

/** Reads names out of an expression; it need not be valid. */
export function readPromql(expression: string): NamedInPromql {
  const bare = expression.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const labels = [
    ...[...bare.matchAll(GROUPING)].flatMap(([, , list = '']) => list.split(',')),
    ...[...bare.matchAll(SELECTOR)].flatMap(([, list = '']) =>
      list.split(',').map((matcher) => matcher.replace(/[=!].*$/, '')),
    ),
  ].map((label) => label.trim());
  const metrics = [
    ...bare
      .replaceAll(GROUPING, '')
      .replaceAll(SELECTOR, '')
      .matchAll(/[a-z_]\w*(?!\w|\s*\()/gi),
  ]
    .map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''))
    .filter((name) => !KEYWORDS.has(name));
  return { metrics: unique(metrics), labels: unique(labels) };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== '').sort();
}
