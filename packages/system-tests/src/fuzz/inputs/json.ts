import fc from 'fast-check';
import { idOf } from './token.ts';

// JSON that departs from its contract: in types, names, lengths, nesting, numbers and Unicode.

/** Text of JSON that no JavaScript value has. */
class RawJson {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toJSON(): string {
    return `\u{e000}${this.#text}\u{e000}`;
  }
}

const raw = (text: string) => new RawJson(text);
const nested = (open: string, close: string, depth: number) => raw(open.repeat(depth) + close.repeat(depth));

/** Addresses of pictures. Nothing is fetched from elsewhere than this machine, and nothing listens there. */
const UNREACHABLE = 'http://127.0.0.1:9/picture.png';

const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '\n', '\r', '\0', 'null', 'true', 'NaN', '0', '-1', '202', '1e999', '\ufeff'),
  fc.constantFrom(
    '\u200b',
    '\ufffc',
    '\u202e\u202d',
    '١٢',
    '２h',
    'a\rb\rc',
    'a\0b',
    '\ud800',
    '👩‍👩‍👧‍👦'.repeat(40),
  ),
  fc.constantFrom('---UID---\n12345678\n---------', '!ban', '🇺🇸🇺🇸', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢', 'ﷺ'.repeat(100)),
  fc.constantFrom(
    UNREACHABLE,
    'javascript:alert(1)',
    'http://',
    'file:///etc/passwd',
    'whatsapp:+12075550999',
  ),
  fc.constantFrom(65, 129, 257, 1_001, 3_000).map((length) => 'x'.repeat(length)),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);

/** What may stand where something else is expected. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: oddText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      -1,
      1.5,
      202,
      1e21,
      2 ** 53 - 1,
      2 ** 53,
      -(2 ** 53),
      1e308,
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      [],
      {},
      [[]],
      [null],
      [''],
      [{}],
      [UNREACHABLE],
      [{ url: UNREACHABLE }],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      raw('NaN'),
      raw('-Infinity'),
      raw('1e999'),
      raw('123456789012345678901234567890'),
      raw('"\\ud800"'),
      raw('{"a":1,"a":2}'),
      raw('{"__proto__":{"polluted":true}}'),
      raw('{"constructor":{"prototype":{"polluted":true}}}'),
      nested('[', ']', 200),
      nested('{"a":', '}', 200),
      nested('[', ']', 9_000),
      nested('[', ']', 90_000),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

type Path = readonly (string | number)[];

/** Everywhere in a value where something stands. */
function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inside = Object.entries(value).flatMap(([name, child]) =>
    pathsOf(child, [...at, Array.isArray(value) ? Number(name) : name]),
  );
  return at.length === 0 ? inside : [at, ...inside];
}

type Change =
  | { readonly how: 'replaced'; readonly path: Path; readonly value: unknown }
  | { readonly how: 'added'; readonly name: string; readonly value: unknown }
  | { readonly how: 'removed' | 'wrapped' | 'as text' | 'capitals'; readonly path: Path }
  | { readonly how: 'longer'; readonly path: Path; readonly value: string };

function changeOf(example: object): fc.Arbitrary<Change> {
  const paths = pathsOf(example);
  const path = paths.length === 0 ? fc.constant<Path>(['body']) : fc.constantFrom(...paths);
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ how: fc.constant('replaced' as const), path, value: oddValue }) },
    { weight: 2, arbitrary: fc.record({ how: fc.constant('longer' as const), path, value: oddText }) },
    {
      weight: 2,
      arbitrary: fc.record({ how: fc.constantFrom('removed', 'wrapped', 'as text', 'capitals'), path }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        how: fc.constant('added' as const),
        name: fc.oneof(
          fc.constantFrom('__proto__', 'constructor', 'toString', 'images', 'format', 'text'),
          oddText,
        ),
        value: oddValue,
      }),
    },
  );
}

function apply(root: Record<string, unknown>, change: Change): void {
  if (change.how === 'added') {
    Object.defineProperty(root, change.name, {
      value: change.value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return;
  }
  const parents = change.path.slice(0, -1);
  const name = change.path.at(-1) ?? '';
  let holder: unknown = root;
  for (const step of parents) holder = (holder as Record<string | number, unknown> | undefined)?.[step];
  // An earlier change has taken it away.
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return;
  const fields = holder as Record<string | number, unknown>;
  const before = fields[name];
  if (change.how === 'replaced') fields[name] = change.value;
  else if (change.how === 'longer') fields[name] = `${String(before)} ${change.value}`;
  else if (change.how === 'wrapped') fields[name] = [before];
  else if (change.how === 'as text') fields[name] = JSON.stringify(before);
  else {
    delete fields[name];
    if (change.how === 'capitals') fields[String(name).toUpperCase()] = before;
  }
}

export interface MutatedJson {
  readonly text: string;
  /** What was changed, for people. */
  readonly changes: string;
}

/** An example with a token in its texts and ids, and up to three changes, none of which takes the token away. */
export function mutatedJson(example: object, token: string): fc.Arbitrary<MutatedJson> {
  const some = fc.array(changeOf(example), { minLength: 1, maxLength: 3 });
  const changed = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: some });
  return changed.map((changes) => {
    const fields = withToken(example, token) as Record<string, unknown>;
    for (const change of changes) apply(fields, change);
    if (!isNamed(fields, token)) Object.assign(fields, withIds(example, token));
    namePosts(fields, token);
    return { text: render(fields), changes: changes.map(describeChange).join(', ') || 'as in the contract' };
  });
}

/** Texts that go into the chat as they are, without the message's id below them. */
function namePosts(fields: Record<string, unknown>, token: string): void {
  // JSON that is written as it is counts as well: it may be that of a text.
  const isNameless = (text: unknown) => text !== undefined && !JSON.stringify(text).includes(token);
  if (fields.format === 'plain') {
    for (const name of TEXTS) if (isNameless(fields[name])) fields[name] = token;
  }
  for (const part of Array.isArray(fields.parts) ? fields.parts : []) {
    if (!isNameless(part?.text)) continue;
    part.text = typeof part.text === 'string' ? `${token} ${part.text.replaceAll('\u{e000}', '')}` : token;
  }
}

function describeChange(change: Change): string {
  return change.how === 'added'
    ? `${JSON.stringify(change.name).slice(0, 30)} added`
    : `${change.path.join('.')} ${change.how}`;
}

function render(value: unknown): string {
  return JSON.stringify(value).replace(/"\u{e000}([^\u{e000}]*)\u{e000}"/gu, (_all, text: string) =>
    JSON.parse(`"${text}"`),
  );
}

const TEXTS = new Set(['body', 'Body', 'text', 'reply', 'reason', 'requested_by', 'message', 'message_text']);
const IDS = new Set(['wbor_message_id', 'id', 'callback_id', 'source_guid', 'about']);

/** A copy with the token in every text and id. Addresses lead nowhere. */
function withToken(value: unknown, token: string, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withToken(item, token, name));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, withToken(child, token, key)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (TEXTS.has(name)) return `${token} ${value}`;
  if (IDS.has(name)) return idOf(token);
  // The same header is the same alert.
  if (name === 'raw_header') return `${value}${token}-`;
  return /^https?:/.test(value) ? UNREACHABLE : value;
}

/**
 * Whether it can be told by the token what becomes of it: the token stands in a text that is read, or an id is as it was. A
 * longer id, or one in a list, may be left out.
 */
function isNamed(fields: Record<string, unknown>, token: string): boolean {
  return Object.entries(fields).some(
    ([name, value]) =>
      typeof value === 'string' &&
      ((TEXTS.has(name) && value.startsWith(token)) || (IDS.has(name) && value === idOf(token))),
  );
}

function withIds(example: object, token: string): object {
  const ids = Object.keys(example).filter((name) => IDS.has(name));
  return Object.fromEntries((ids.length > 0 ? ids : ['wbor_message_id']).map((name) => [name, idOf(token)]));
}
