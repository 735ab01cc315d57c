import type { NotPosted as NotPostedNotices } from '../../src/notify/not-posted.ts';
import type { ProducerNotifier } from '../../src/notify/producer.ts';
import type { Parker } from '../../src/park.ts';
import { type Item, isComplete, type NotPosted } from './item.ts';
import { checkEnding } from './promises.ts';
import type { RelayProcess } from './relay-process.ts';
import type { World } from './world.ts';

/** What one relay does with messages that come to their end, posted or not. */
export interface Endings {
  readonly notPosted: Pick<NotPostedNotices, 'blocked' | 'expired'>;
  readonly parker: Pick<Parker, 'park'>;
  readonly producer: ProducerNotifier;
}

export function endingsFor(world: World, process: RelayProcess): Endings {
  const { books, broker } = world;
  const { require } = books;

  async function end(item: Item, ending: NotPosted): Promise<void> {
    books.note(`m${item.number} ${ending}`);
    checkEnding(world, process, item, ending);
    const { deliveries } = item;
    await process.during(broker.answer());
    item.endedAs = ending;
    // What is delivered again meanwhile is ended again, as at-least-once means it.
    if (item.deliveries === deliveries) item.told = ending;
  }

  return {
    notPosted: {
      blocked: ({ wbor_message_id }) => end(books.item(wbor_message_id), 'blocked'),
      expired: ({ wbor_message_id }) => end(books.item(wbor_message_id), 'expired'),
    },
    parker: {
      async park(delivery, { replacement }) {
        const item = books.item(delivery.content.toString());
        const rest = item.planned.parts.slice((item.rejectedPart ?? 1) - 1);
        const { deliver_by: _late, ...planned } = item.planned;
        const expected = JSON.stringify({ ...planned, parts: rest });
        require('what is parked is what is not in the chat', JSON.stringify(replacement) === expected, item);
        await end(item, 'parked');
        delivery.ack();
      },
    },
    producer: {
      succeeded({ wborMessageId }) {
        const item = books.item(wborMessageId);
        require('a producer is told of success once all is in the chat', isComplete(item), item);
        require('a producer is told by whoever holds the message', broker.channels.isInHand(item), item);
        item.told = 'success';
      },
      failed({ wborMessageId }) {
        const item = books.item(wborMessageId);
        const isParked = item.endedAs === 'parked';
        require('a producer is told of failure once the message is parked', isParked, item);
      },
      async posting({ wborMessageId }) {
        const item = books.item(wborMessageId);
        await process.during(broker.answer());
        const told = world.tells.shift() ?? true;
        books.note(`m${item.number} producer ${told ? 'told' : 'not told'}`);
        if (told) item.producerKnows = true;
        return told;
      },
      drain: async () => {},
    },
  };
}
