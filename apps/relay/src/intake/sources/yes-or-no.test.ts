import { expect, it } from 'vitest';
import { yesOrNo } from './yes-or-no.ts';

const decimal = (digits: number, places: number) => ({ '!': 'decimal', value: { digits, places } });
/** A list is one header and not several arguments. */
const each = (headers: readonly unknown[]) => it.each(headers.map((header) => [header] as const));
const timestamp = (value: number) => ({ '!': 'timestamp', value });

each([
  ...[true, 1, 2, -1, 0.5, Number.POSITIVE_INFINITY],
  ...[
    'true',
    'True',
    'TRUE',
    't',
    '"true"',
    '"\\"true\\""',
    "'True'",
    ' true \n',
    'true\u0000',
    'true.',
    '<true>',
    `${' '.repeat(100)}true${'\u0000'.repeat(100)}`,
  ],
  ...[
    'yes',
    ' Yes ',
    'Yes!',
    'y',
    'Y',
    'on',
    'ON',
    'OK',
    'sent',
    'Sent.',
    'already sent',
    'alreadysent',
    'posted',
  ],
  ...[
    '1',
    '1.0',
    '"1.0"',
    '-1',
    '+1',
    '2',
    '0x1',
    '1e0',
    '01',
    '１',
    'ｔｒｕｅ',
    'ＹＥＳ！',
    '\ufefftrue',
    '[true]',
  ],
  ...[[true], [1], ['yes'], [[true]], Buffer.from('true'), Buffer.from('"True"\u0000')],
  ...[decimal(10, 1), decimal(-1, 0), timestamp(1_795_610_177), [decimal(1, 0)]],
])('takes %j for a yes', (header) => {
  expect(yesOrNo(header)).toBe(true);
});

each([
  ...[
    false,
    0,
    -0,
    'false',
    'False',
    '"false"',
    'FALSE!',
    'f',
    'no',
    'No.',
    'n',
    'off',
    'ｎｏ',
    'not sent',
    'never',
  ],
  ...[
    '0',
    '0.0',
    '-0',
    '"0"',
    '',
    ' ',
    '""',
    '\u0000',
    '?',
    'none',
    'None',
    'null',
    'NULL',
    'nil',
    'undefined',
    'NaN',
  ],
  ...[[false], ['no'], Buffer.alloc(0), Buffer.from('false'), decimal(0, 0), decimal(0, 3), timestamp(0)],
])('takes %j for a no', (header) => {
  expect(yesOrNo(header)).toBe(false);
});

each([
  ...[undefined, null, Number.NaN, {}, [], [true, false], { yes: true }, { value: {} }, { toString: 1 }],
  ...['maybe', 'pending', 'truely', 'on hold', 'yesno', '1 of 2', 'x'.repeat(1_000_000)],
])('takes %j for neither', (header) => {
  expect(yesOrNo(header)).toBe(undefined);
});

it('takes a number of 64 bits like any other', () => {
  expect([yesOrNo(1n), yesOrNo(0n), yesOrNo([2n])]).toEqual([true, false, true]);
});
