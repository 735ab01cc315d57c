import { createLogger } from '@wbor/service';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRelayMetrics } from '../metrics.ts';
import { createPreparer } from './prepare.ts';

beforeEach(() => void vi.useFakeTimers());

afterEach(() => void vi.useRealTimers());

it('waits half a minute for all images of a message, and then lets the words go', async () => {
  const preparer = createPreparer({
    fetcher: { fetch: () => new Promise(() => {}), close: async () => {} },
    groupme: {
      uploadImage: () => Promise.reject(new Error('there is nothing to upload')),
      isImageReady: async () => true,
    },
    botId: 'bot',
    canUpload: true,
    characterLimit: 1_000,
    audit: {
      post: async () => {},
      image: async () => {},
      undisplayed: async () => {},
      drain: async () => {},
    },
    metrics: createRelayMetrics(new Registry()),
    logger: createLogger({ name: 'relay', level: 'silent' }),
  });
  const prepared = preparer.prepare({
    kind: 'message',
    wborMessageId: 'id',
    source: 'x',
    text: 'look',
    imagesWithoutAddress: 0,
    imagesLeftOut: 0,
    repaired: [],
    imageUrls: Array.from({ length: 9 }, (_, index) => `https://images.example/${index}`),
    format: 'quoted',
    acknowledge: false,
  });
  let isDone = false;
  void prepared.then(() => {
    isDone = true;
  });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(isDone).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  const texts = (await prepared).map(({ text }) => text);
  expect(texts[0]).toContain('"look"');
  expect(texts[1]).toContain('took too long');
});
