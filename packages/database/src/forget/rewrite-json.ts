// Of ECMAScript 2026, and in Node 24; TypeScript's libraries do not have them yet.
const { isRawJSON, rawJSON } = JSON as unknown as {
  isRawJSON(value: unknown): boolean;
  rawJSON(text: string): unknown;
};
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * Rewrites every text in a JSON document, names of fields included. Numbers keep all their digits; one that `rewrite`
 * would change as a text becomes that text.
 */
export function rewriteJson(json: string, rewrite: (text: string) => string): string {
  const revive: Reviver = (_, value, { source }) => {
    if (typeof value === 'string') return rewrite(value);
    if (typeof value === 'number' && source !== undefined) {
      const text = rewrite(source);
      return text === source ? rawJSON(source) : text;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value) || isRawJSON(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [rewrite(name), field]));
  };
  return JSON.stringify(JSON.parse(json, revive as Parameters<typeof JSON.parse>[1]));
}
