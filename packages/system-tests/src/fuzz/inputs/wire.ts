import { headerDefinitions, URGENT_PRIORITY } from '@wbor/contracts';
import { type WireProperties, wireNested, wireTable, wireText, wireValue } from '@wbor/testkit';
import fc from 'fast-check';
import { idOf } from './token.ts';

// Headers and properties, as bytes: of every type that AMQP knows, and some that it does not.

const int = (bytes: number, value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt.asIntN(64, value));
  return buffer.subarray(8 - bytes);
};
const double = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer;
};

const headerText = fc.constantFrom(
  '',
  'true',
  'True',
  'TRUE',
  'yes',
  '1',
  'false',
  '0',
  '60000',
  '1795610177',
  '1795610177000',
  'NaN',
  '-5',
  'soon',
  '\0',
  '\ud83d\ude00',
  '9'.repeat(400),
);

/** A value and its type. */
const wireOdd: fc.Arbitrary<Buffer> = fc.oneof(
  headerText.map(wireText),
  fc.boolean().map((value) => wireValue('t', Buffer.from([Number(value)]))),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => wireValue('l', int(8, value))),
  fc.constantFrom(0n, 1n, -1n, 60_000n, 1_795_610_177n).map((value) => wireValue('I', int(4, value))),
  fc.constantFrom(0n, 1n, 255n).map((value) => wireValue('b', int(1, value))),
  fc.constantFrom(0n, 1n, 65_535n).map((value) => wireValue('s', int(2, value))),
  fc
    .constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 1.5, 1e308)
    .map((value) => wireValue('d', double(value))),
  fc.constantFrom(0n, 2n ** 63n - 1n, -1n).map((value) => wireValue('T', int(8, value))),
  fc.constant(wireValue('D', Buffer.from([2, 0, 0, 0, 9]))),
  fc.constant(wireValue('V', Buffer.alloc(0))),
  fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => wireValue('x', Buffer.concat([int(4, BigInt(bytes.length)), bytes]))),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => wireText(Buffer.from(bytes))),
  fc.constantFrom<'F' | 'A'>('F', 'A').map((kind) => wireNested(kind, 40)),
);

/** Tables that are made to hurt. */
const HOSTILE_TABLES: Readonly<Record<string, () => Buffer>> = {
  'headers 8,000 tables deep': () => wireTable({ deep: wireNested('F', 8_000) }),
  'headers 12,000 lists deep': () => wireTable({ deep: wireNested('A', 12_000) }),
  'headers of 65 KB': () => wireTable({ large: wireText('h'.repeat(65_000)) }),
  'headers of 120 KB': () => wireTable({ large: wireText('h'.repeat(120_000)) }),
  '3,000 headers': () =>
    wireTable(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`h${index}`, wireText('v')]))),
  'the same header 1,000 times': () =>
    wireTable(Array.from({ length: 1_000 }, () => [Buffer.from('again'), wireText('v')] as const)),
  'a name that is not UTF-8': () => wireTable([[Buffer.from([0xff, 0xfe, 0x00]), wireText('v')]]),
  'a name of 255 bytes': () => wireTable([[Buffer.alloc(255, 'n'), wireText('v')]]),
  'copies by CC': () => {
    const keys = ['source.standard.ups', 'source.groupme.msg', 'moderation.bans'].map(wireText);
    return wireTable({
      CC: wireValue('A', Buffer.concat([int(4, BigInt(Buffer.concat(keys).length)), ...keys])),
    });
  },
  'the names of objects': () =>
    wireTable({
      __proto: wireText('v'),
      constructor: wireText('v'),
      toString: wireText('v'),
      hasOwnProperty: wireText('v'),
    }),
};

const KNOWN_HEADERS = [
  ...Object.keys(headerDefinitions),
  'x-death',
  'x-delivery-count',
  'traceparent',
  'content-type',
];

interface Odd {
  readonly properties: WireProperties;
  /** For people. */
  readonly how: string;
  /** Whether the message carries its token in its headers. */
  readonly named: boolean;
}

const named = (token: string) => ({ 'x-fuzz': wireText(token) });

/** Headers: mostly a few of those that mean something, with values that they should not have. */
function headers(token: string): fc.Arbitrary<Odd> {
  return fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constant<Odd>({ properties: { headers: wireTable(named(token)) }, how: '', named: true }),
    },
    {
      weight: 20,
      arbitrary: fc
        .dictionary(fc.constantFrom(...KNOWN_HEADERS), wireOdd, {
          minKeys: 1,
          maxKeys: 3,
          noNullPrototype: true,
        })
        .map((table) => ({
          properties: { headers: wireTable({ ...named(token), ...table }) },
          how: `headers ${Object.keys(table).join(', ')}`,
          named: true,
        })),
    },
    {
      weight: 8,
      arbitrary: fc
        .constantFrom(...Object.entries(HOSTILE_TABLES))
        .map(([how, build]) => ({ properties: { headers: build() }, how, named: false })),
    },
    {
      // No table at all: the broker closes the connection of who sent it.
      weight: 1,
      arbitrary: fc
        .constantFrom(wireTable({ odd: wireValue('?', Buffer.alloc(4)) }), Buffer.from([200, 1, 2]))
        .map((table) => ({
          properties: { headers: table },
          how: 'a broken table',
          named: false,
        })),
    },
  );
}

const REPLY_ADDRESSES = [
  'amq.rabbitmq.reply-to',
  'amq.rabbitmq.reply-to.junk',
  'amq.rabbitmq.reply-to.g2dkABByYWJiaXRAbG9jYWxob3N0AAAB8wAAAAAAAAAB.junk==',
  'amq.rabbitmq.reply-to.',
  'amq.gen-junk',
  'no-such-queue',
  'relay.outbox',
  'relay.standard',
  'relay.parked',
  ' ',
  '\0',
  'é'.repeat(120),
] as const;

const shortText = fc.oneof(
  fc.constantFrom<string | Buffer>(
    '',
    ' ',
    '\0',
    'x'.repeat(255),
    'é'.repeat(127),
    Buffer.from([0xff, 0xfe]),
    'application/json; charset=utf-16',
  ),
  fc.string({ maxLength: 20 }),
);

/** Every property, with what it should not hold. The AMQP id carries the token. */
const PROPERTIES = {
  messageId: (token: string) =>
    fc.constantFrom<string | Buffer>(
      token,
      idOf(token),
      `${token}${'m'.repeat(200)}`,
      `${token}\n\0`,
      Buffer.concat([Buffer.from(token), Buffer.from([0xff])]),
    ),
  contentType: () => shortText,
  type: () => shortText,
  appId: () => shortText,
  correlationId: () => shortText,
  replyTo: () => fc.constantFrom<string>(...REPLY_ADDRESSES),
  priority: () => fc.constantFrom(0, 1, URGENT_PRIORITY, 255),
  timestamp: () => fc.constantFrom(0n, 1n, 1_795_610_177n, 1_795_610_177_000n, 2n ** 63n, 2n ** 64n - 1n),
  deliveryMode: () => fc.constantFrom(1, 1, 2, 255),
  expiration: () => fc.constantFrom('600000', '86400000', '4294967295', '600000', '86400000', 'soon'),
} satisfies Record<string, (token: string) => fc.Arbitrary<unknown>>;
type PropertyName = keyof typeof PROPERTIES;

/** Up to two properties that are odd, and headers. */
export function oddProperties(token: string): fc.Arbitrary<Odd> {
  const names = fc.subarray(Object.keys(PROPERTIES) as PropertyName[], { maxLength: 2 });
  return names
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, PROPERTIES[name](token)]))))
    .chain((more) =>
      headers(token).map((table) => ({
        properties: { ...(more as WireProperties), ...table.properties },
        how: [table.how, ...Object.keys(more)].filter((part) => part !== '').join(', '),
        named: table.named,
      })),
    );
}
