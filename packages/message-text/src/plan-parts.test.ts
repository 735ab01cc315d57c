import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planParts } from './plan-parts.ts';

const footer = '\n---UID---\n0a1b2c3d\n---------';
const message = {
  text: '',
  messageId: '0a1b2c3d-1111-4222-8333-444455556666',
  format: 'quoted',
  pictureUrls: [] as string[],
  mediaHint: 'Check the message in Twilio logs for details.',
} as const;
const a = 'https://i.groupme.com/1x1.png.stub0001';
const b = 'https://i.groupme.com/1x1.png.stub0002';

describe('planParts', () => {
  it('posts the text, then each image', () => {
    expect(planParts({ ...message, text: 'Hello DJ, please play some jazz', pictureUrls: [a] })).toEqual([
      { text: '"Hello DJ, please play some jazz"\n---UID---\n0a1b2c3d\n1 media item attached\n---------' },
      { text: '', picture_url: a },
    ]);
  });

  it('posts the images first when there is no text, then how many there were', () => {
    expect(planParts({ ...message, text: ' \n', pictureUrls: [a, b] })).toEqual([
      { text: '', picture_url: a },
      { text: '', picture_url: b },
      { text: '---------\nNo body text; 2 images sent!\n0a1b2c3d\n---------' },
    ]);
  });

  it('says in the original’s words that an image has an unsupported format', () => {
    const missingMedia = [{ item: 1, reason: 'was sent with an unsupported format' }];
    expect(planParts({ ...message, text: 'Look', missingMedia })).toEqual([
      { text: `"Look"${footer}` },
      {
        text: `A media item was sent with an unsupported format.\n\nCheck the message in Twilio logs for details.${footer}`,
      },
    ]);
    expect(planParts({ ...message, missingMedia, mediaHint: undefined })).toEqual([
      { text: `A media item was sent with an unsupported format.${footer}` },
    ]);
  });

  it('gives the reason for each of several images in one post, after the images', () => {
    const missingMedia = [
      { item: 1, reason: 'is larger than 15 MiB' },
      { item: 3, reason: 'could not be fetched (HTTP 404)' },
    ];
    expect(planParts({ ...message, missingMedia, pictureUrls: [a] })).toEqual([
      { text: '', picture_url: a },
      { text: '---------\nNo body text; 1 image sent!\n0a1b2c3d\n---------' },
      {
        text: [
          '2 media items could not be attached:',
          'Item 1 is larger than 15 MiB.',
          'Item 3 could not be fetched (HTTP 404).',
          '',
          `Check the message in Twilio logs for details.${footer}`,
        ].join('\n'),
      },
    ]);
  });

  it('keeps plain messages free of quotes and ids, notices included', () => {
    const missingMedia = [{ item: 1, reason: 'is damaged' }];
    expect(
      planParts({
        ...message,
        format: 'plain',
        text: 'Up',
        pictureUrls: [a],
        missingMedia,
        mediaHint: undefined,
      }),
    ).toEqual([{ text: 'Up' }, { text: '', picture_url: a }, { text: 'A media item is damaged.' }]);
  });

  it.each([
    [{ imagesWithoutAddress: 1 }, 'A media item came without a usable address.'],
    [{ imagesWithoutAddress: 3 }, '3 media items came without a usable address.'],
    [{ imagesLeftOut: 1 }, 'A media item was left out: 10 are the most.'],
    [
      { missingMedia: [{ item: 1, reason: 'is damaged' }], imagesWithoutAddress: 1, imagesLeftOut: 25 },
      'A media item is damaged.\nA media item came without a usable address.\n25 media items were left out: 10 are the most.',
    ],
  ])('says what is missing: %j', (missing, words) => {
    const options = { ...message, ...missing, mediaHint: undefined };
    expect(planParts(options)).toEqual([{ text: `${words}${footer}` }]);
  });

  it('plans nothing for nothing', () => {
    expect(planParts(message)).toEqual([]);
  });

  it('keeps every post within the limits, whatever the reasons say', () => {
    const anyReasons = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 10 });
    fc.assert(
      fc.property(anyReasons, fc.integer({ min: 40, max: 1000 }), (reasons, characterLimit) => {
        const missingMedia = reasons.map((reason, index) => ({ item: index + 1, reason }));
        const parts = planParts({ ...message, messageId: 'i'.repeat(128), missingMedia, characterLimit });
        expect(parts.length > 0).toBe(reasons.length > 0);
        for (const part of parts) expect(part.text.length).toBeLessThanOrEqual(1000);
        if (characterLimit >= 900) expect(parts.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
