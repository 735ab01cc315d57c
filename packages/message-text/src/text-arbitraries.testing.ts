import fc from 'fast-check';

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

export function graphemesOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Text without its white space: what must survive splitting, whatever is trimmed. */
export function withoutWhiteSpace(text: string): string {
  return text.replace(/\s+/gu, '');
}

const WORDS = [
  'storm',
  'a',
  'Wetterwarnung',
  '👩‍👩‍👧‍👦',
  '🏳️‍🌈',
  '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  '🇺🇸',
  '🇺🇸🇩🇪🇫🇷',
  '👍🏽',
  '❤️',
  '1️⃣',
  'e\u0301',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙',
  '한국어',
  '\u1112\u1161\u11ab',
  'हिन्दी',
  'क्षत्रिय',
  'தமிழ்',
  'ไทยแลนด์',
  '東京放送局',
  'שָׁלוֹם',
  'العربية',
  'می‌خواهم',
  '\u202eabc\u202c',
  '\u200f',
  '𝒻𝓊𝓃',
  'https://media.example.org/a/very/long/path?with=query&and=more',
];

const WHITE_SPACE = [
  ' ',
  '  ',
  '\n',
  '\n\n',
  '\t',
  '\u3000',
  '\u202f',
  '\u00a0',
  '\r\n',
  '\u2028',
  ' \u0301',
];
const BROKEN = ['\ud83d', '\udc69', '\u0000', '\u0007', '\u0085', '\u200d', '\ufeff', '\ufffe'];

/** Text as people, phones and broken producers send it, from a few characters to several posts. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 10, arbitrary: fc.constantFrom(...WORDS) },
      { weight: 6, arbitrary: fc.constantFrom(...WHITE_SPACE) },
      { weight: 2, arbitrary: fc.constantFrom(...BROKEN) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom('x', '\u0301', '🇺🇸', '👩‍👩‍👧‍👦', ' ', '\n', '\u200d', 'क्', '한'),
            fc.nat(400),
          )
          .map(([piece, times]) => piece.repeat(times)),
      },
    ),
    { maxLength: 120, size: 'max' },
  )
  .map((pieces) => pieces.join(''));
