import { PassThrough } from 'node:stream';
import type { Broker, ListenerOptions } from '@wbor/amqp';
import type { Logger } from '@wbor/service';
import { createStationClock } from '@wbor/station-clock';
import { expect, it, onTestFinished, vi } from 'vitest';
import { liveChange, liveList } from '../pages/now/view.ts';
import { createLiveFeed, type LiveFeedOptions } from './live-feed.ts';

const clock = createStationClock('America/New_York');

/** A feed with one who watches. @returns what it is given to hear, and what the viewer was told. */
async function watched(options: Partial<LiveFeedOptions> = {}) {
  const error = vi.fn();
  const feed = createLiveFeed({
    isBanned: () => false,
    loadLatest: async () => [],
    list: (messages) => liveList(messages, clock),
    change: (heard) => liveChange(heard, clock),
    logger: { error, warn: vi.fn() } as unknown as Logger,
    ...options,
  });
  onTestFinished(() => feed.close());
  const listeners: ListenerOptions[] = [];
  const broker = {
    async listen(listener: ListenerOptions) {
      listeners.push(listener);
      return { stop: async () => {} };
    },
  };
  await feed.listen(broker as unknown as Broker, () => {});
  const viewer = new PassThrough();
  feed.watch(viewer as never, async () => true);
  const hear = (body: string, routingKey = 'source.standard.ups') =>
    listeners[0]?.onMessage(Buffer.from(body), { routingKey, messageId: 'amqp-1', headers: {} });
  return { error, feed, hear, told: () => String(viewer.read() ?? '') };
}

it('lives on after a message that cannot be shown, and logs none of its words', async () => {
  const { error, hear } = await watched({
    change: ({ message }) => {
      throw new Error(`by the test: ${message.text}`);
    },
  });
  hear('{"body":"secret words"}');
  expect(error).toHaveBeenCalledWith(
    expect.objectContaining({ routing_key: 'source.standard.ups', error: 'Error' }),
    'a message could not be shown live',
  );
  expect(JSON.stringify(error.mock.calls)).not.toContain('secret words');
});

it('shows a message whose id is half a character', async () => {
  const { error, feed, hear, told } = await watched();
  hear('{"body":"said","wbor_message_id":"\\ud800"}');
  expect(error).not.toHaveBeenCalled();
  expect(told()).toContain('href="/messages/%EF%BF%BD"');
  expect(feed.messages).toMatchObject([{ text: 'said' }]);
});

it('tells the words of a banned sender to nobody', async () => {
  let isBanned: boolean | undefined;
  const { feed, hear, told } = await watched({ isBanned: () => isBanned });
  hear('{"From":"+12075550123","Body":"an insult","wbor_message_id":"m1"}', 'source.twilio.sms.incoming');
  expect(told()).toContain('(not shown yet)');
  isBanned = true;
  feed.tellAll();
  expect(feed.messages).toMatchObject([{ text: '(blocked)' }]);
  expect(told()).toMatch(/^event: list(?!.*an insult).*\(blocked\)/s);
  isBanned = false;
  feed.tellAll();
  expect(told()).toContain('an insult');
});
