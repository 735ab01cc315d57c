/** Nobody reads deeper, and what is nested thousands deep would overflow the stack of whoever prints it. */
const MAX_DEPTH = 8;

/** Makes an AMQP table of anybody's such that it can be printed as JSON, whatever is in it. */
export function showableTable(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return showTable(table, MAX_DEPTH);
}

function showTable(table: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(table).map(([name, value]) => [name, show(value, depth - 1)]);
  // A field may be called __proto__ or toJSON: here it is a field.
  return Object.fromEntries(entries);
}

function show(value: unknown, depth: number): unknown {
  if (Buffer.isBuffer(value)) return `base64:${value.toString('base64')}`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '… (nested deeper)';
  return Array.isArray(value) ? value.map((item) => show(item, depth - 1)) : showTable(value, depth);
}
