import type { Delivery } from '@wbor/amqp';
import type { Lane } from '../../src/outbox.ts';
import type { Books } from './books.ts';
import { type Channel, type Channels, createChannels, REOPEN_MS } from './channels.ts';
import { checkAcknowledgement } from './check-acknowledgement.ts';
import type { Item } from './item.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Holds the outbox, and hands it out to one consumer on one channel. */
export interface ModelBroker {
  readonly channels: Channels;
  /** Whether it takes no time to answer. */
  readonly answersAtOnce: boolean;
  /** Resolves once it has answered. */
  answer(): Promise<void>;
  put(item: Item): void;
}

const WINDOW: Readonly<Record<Lane, number>> = { urgent: 2, normal: 4 };

export function createModelBroker(books: Books, time: VirtualTime, brokerMs: number): ModelBroker {
  const channels = createChannels(books, time, {
    onOpen() {
      hand('normal');
      // The consumer of the urgent queue may begin later: after the journal is read.
      time.at(time.nowMs + 1.5 * brokerMs, () => hand('urgent'));
    },
    allowanceMs: 2 * brokerMs,
  });
  // When it takes no time, no timer may act in between either.
  const answer = async (): Promise<void> => (brokerMs > 0 ? time.pause(brokerMs) : undefined);

  /** Hands out what the window of a queue allows, in its order. */
  function hand(lane: Lane): void {
    for (const item of books.items) {
      const { current, inHand } = channels;
      if (!current || current.cut || current.consumer.process.stopping) return;
      if (inHand.filter(({ message }) => message.lane === lane).length >= WINDOW[lane]) return;
      if (item.message.lane === lane && item.queued && !channels.isInHand(item)) deliver(item, current);
    }
  }

  function deliver(item: Item, from: Channel): void {
    item.heldBy = { channelId: from.id, sinceMs: time.nowMs };
    item.awaited = false;
    item.deliveries += 1;
    item.told = undefined;
    const delivery = toDelivery(item, from, {
      ack: () => acknowledge(item, from),
      async isHeld() {
        await from.consumer.process.during(answer());
        // Whoever asks on a channel that is gone hears of it.
        if (from === channels.current && from.cut) channels.lose(REOPEN_MS);
        return from === channels.current && channels.isInHand(item);
      },
      requeue() {
        books.require('no handler fails', false, item);
        return false;
      },
      publishWhileHeld: () => Promise.reject(new Error('the model has a journal of its own')),
    });
    from.consumer.onDelivery(delivery);
  }

  function acknowledge(item: Item, from: Channel): boolean {
    if (from !== channels.current || !channels.isInHand(item)) return false;
    checkAcknowledgement(books, item);
    item.heldBy = undefined;
    if (from.cut) {
      // The relay cannot tell that nobody hears it.
      books.note(`m${item.number} acknowledged in vain`);
      return true;
    }
    books.note(`m${item.number} acknowledged`);
    item.queued = false;
    item.ended = true;
    time.at(time.nowMs, () => hand(item.message.lane));
    return true;
  }

  return {
    channels,
    answersAtOnce: brokerMs === 0,
    answer,
    put(item) {
      item.queued = true;
      hand(item.message.lane);
    },
  };
}

function toDelivery(
  item: Item,
  from: Channel,
  actions: Pick<Delivery, 'ack' | 'requeue' | 'isHeld' | 'publishWhileHeld'>,
): Delivery {
  return {
    content: Buffer.from(String(item.number)),
    omitted: undefined,
    contentType: undefined,
    contentEncoding: undefined,
    queue: item.message.lane,
    channelId: from.id,
    routingKey: item.message.lane,
    exchange: '',
    redelivered: item.deliveries > 1,
    messageId: item.planId,
    correlationId: undefined,
    replyTo: undefined,
    timestamp: undefined,
    priority: 0,
    expirationMs: undefined,
    headers: {},
    signal: from.lost.signal,
    ...actions,
  };
}
