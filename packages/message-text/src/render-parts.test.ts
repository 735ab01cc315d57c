import { shownUid } from '@wbor/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderParts } from './render-parts.ts';
import { sanitiseText } from './sanitise-text.ts';
import { splitText } from './split-text.ts';
import { anyText, graphemesOf, withoutWhiteSpace } from './text-arbitraries.testing.ts';

const messageId = '0a1b2c3d-1111-4222-8333-444455556666';
const quoted = { messageId, imageCount: 0, format: 'quoted' } as const;

describe('renderParts', () => {
  it.each([
    ['UPS on battery power', messageId, 0, '"UPS on battery power"\n---UID---\n0a1b2c3d\n---------'],
    [
      'He said "hi"\nline 2\tTab \\ back',
      messageId,
      0,
      '"He said "hi"\nline 2\tTab \\ back"\n---UID---\n0a1b2c3d\n---------',
    ],
    ['short id', 'plainid', 0, '"short id"\n---UID---\nplainid\n---------'],
    ['Studio camera', messageId, 1, '"Studio camera"\n---UID---\n0a1b2c3d\n1 media item attached\n---------'],
    ['Two', messageId, 2, '"Two"\n---UID---\n0a1b2c3d\n2 media items attached\n---------'],
    ['', messageId, 1, '---------\nNo body text; 1 image sent!\n0a1b2c3d\n---------'],
    [' \n ', messageId, 2, '---------\nNo body text; 2 images sent!\n0a1b2c3d\n---------'],
  ])('shows %j as the original did', (text, id, imageCount, expected) => {
    expect(renderParts({ text, messageId: id, imageCount, format: 'quoted' })).toEqual([expected]);
  });

  it('labels several parts and gives only the last one the footer', () => {
    const words = 'word '.repeat(400).trim();
    const parts = renderParts({ ...quoted, text: words, imageCount: 1 });
    expect(parts).toEqual([
      `(1/3):\n"${'word '.repeat(180).trim()}"`,
      `(2/3):\n"${'word '.repeat(180).trim()}"`,
      `(3/3):\n"${'word '.repeat(40).trim()}"\n---UID---\n0a1b2c3d\n1 media item attached\n---------`,
    ]);
  });

  it('keeps a text of exactly the limit in one part', () => {
    expect(renderParts({ ...quoted, text: 'x'.repeat(900) })).toHaveLength(1);
    expect(renderParts({ ...quoted, text: 'x'.repeat(901) })).toHaveLength(2);
  });

  it('shows plain text with neither quotes nor id, labelled when it is long', () => {
    const plain = { ...quoted, format: 'plain' } as const;
    expect(renderParts({ ...plain, text: 'Pong! UID: NO_UID\n', imageCount: 3 })).toEqual([
      'Pong! UID: NO_UID',
    ]);
    expect(renderParts({ ...plain, text: 'x'.repeat(1000) })).toEqual([
      `(1/2):\n${'x'.repeat(900)}`,
      `(2/2):\n${'x'.repeat(100)}`,
    ]);
    expect(renderParts({ ...plain, text: ' ', imageCount: 2 })).toEqual([]);
  });

  it('has nothing to say without a text and an image', () => {
    expect(renderParts({ ...quoted, text: '\t' })).toEqual([]);
  });

  it('leaves room for wider labels from ten and from a hundred parts on', () => {
    for (const [length, characterLimit] of [
      [11_000, 1000],
      [16_000, 150],
    ] as const) {
      const parts = renderParts({
        ...quoted,
        text: 'x'.repeat(length),
        characterLimit,
        messageId: 'i'.repeat(128),
      });
      expect(parts.length).toBeGreaterThan(characterLimit === 150 ? 99 : 9);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(1000);
      expect(parts.join('').split('x')).toHaveLength(length + 1);
    }
  });

  it('fills a post to GroupMe’s limit when the configuration allows it, and no further', () => {
    const room = 998 - '\n---UID---\n0a1b2c3d\n---------'.length;
    const lengths = (text: string) =>
      renderParts({ ...quoted, text, characterLimit: 1000 }).map((part) => part.length);
    expect(lengths('x'.repeat(room))).toEqual([1000]);
    expect(lengths('x'.repeat(room + 1))).toHaveLength(2);
    // The last of two parts has both a label and the footer.
    expect(lengths('x'.repeat(2 * (room - '(1/2):\n'.length))).at(-1)).toBe(1000);
  });

  it('keeps every promise for any text, id, number of images and limit', () => {
    const anyMessage = fc.record({
      text: anyText.map(sanitiseText),
      messageId: fc.oneof(fc.uuid(), fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })),
      imageCount: fc.nat(10),
      format: fc.constantFrom('quoted' as const, 'plain' as const),
      characterLimit: fc.oneof(fc.constant(900), fc.integer({ min: 40, max: 1000 })),
    });
    fc.assert(
      fc.property(anyMessage, (message) => {
        fc.pre(message.text.trim() !== '');
        const parts = renderParts(message);
        const bodies = parts.map((part, index) => {
          expect(part.length).toBeLessThanOrEqual(1000);
          const label = parts.length > 1 ? `(${index + 1}/${parts.length}):\n` : '';
          expect(part.startsWith(label)).toBe(true);
          const framed = part.slice(label.length);
          if (message.format === 'plain') return framed;
          const media =
            message.imageCount === 0
              ? ''
              : `${message.imageCount} media item${message.imageCount === 1 ? '' : 's'} attached\n`;
          const footer =
            index === parts.length - 1
              ? `\n---UID---\n${shownUid(message.messageId)}\n${media}---------`
              : '';
          expect(framed.startsWith('"')).toBe(true);
          expect(framed.endsWith(`"${footer}`)).toBe(true);
          return framed.slice(1, framed.length - footer.length - 1);
        });
        for (const body of bodies) expect(body.length).toBeLessThanOrEqual(message.characterLimit);
        expect(withoutWhiteSpace(bodies.join(''))).toBe(withoutWhiteSpace(message.text));
        const whole = graphemesOf(message.text);
        if (whole.every((grapheme) => grapheme.length <= 40)) {
          const isVisible = (grapheme: string) => /\S/u.test(grapheme);
          expect(bodies.flatMap(graphemesOf).filter(isVisible)).toEqual(whole.filter(isVisible));
        }
        // The loop over label widths ended at a split that agrees with itself.
        expect(splitText(bodies[0] ?? '', { maxLength: message.characterLimit })).toHaveLength(1);
      }),
    );
  });
});
