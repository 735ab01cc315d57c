import type { Books } from './books.ts';
import { type Item, isComplete } from './item.ts';

/** What must be so when a relay acknowledges a message. */
export function checkAcknowledgement({ require }: Books, item: Item): void {
  require('what is acknowledged has no call without a result', item.open === undefined, item);
  require('what is acknowledged was told of', item.told !== undefined, item);
  if (item.told !== 'success') return;
  require('what is acknowledged is in the chat', isComplete(item) &&
    item.shown.size === item.message.parts, item);
}
