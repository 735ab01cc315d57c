import { createItem, type Item } from './item.ts';
import type { ModelMessage } from './schedule.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A promise that the delivery has broken. */
class BrokenPromiseError extends Error {
  override readonly name = 'BrokenPromiseError';
}

/** The messages, what has happened to them, and the first promise that was broken. */
export interface Books {
  readonly items: readonly Item[];
  readonly failure: Error | undefined;
  /** Adds a line to the story that a broken promise is told with. */
  note(text: string): void;
  require(promise: string, kept: boolean, item?: Item): void;
  /** Finds a message by its number, as text. */
  item(number: string): Item;
  /** Finds a message and the part's number by the text of that part. */
  post(text: string): { readonly item: Item; readonly part: number };
}

export function createBooks(messages: readonly ModelMessage[], time: VirtualTime): Books {
  const items = messages.map(createItem);
  const story: string[] = [];
  let failure: BrokenPromiseError | undefined;

  function item(number: string): Item {
    const found = items[Number(number)];
    if (!found) throw new RangeError(`there is no message ${number}`);
    return found;
  }

  return {
    items,
    get failure() {
      return failure;
    },
    note(text) {
      story.push(`${time.nowMs} ${text}`);
    },
    require(promise, kept, about) {
      // What is broken after the first one follows from it, as a rule.
      if (kept || failure !== undefined) return;
      const where = about === undefined ? '' : ` (m${about.number})`;
      failure = new BrokenPromiseError(`${promise}${where}, at ${time.nowMs}:\n${story.join('\n')}`);
    },
    item,
    post(text) {
      const [, number = '', part = ''] = /^m(\d+) p(\d+)$/.exec(text) ?? [];
      return { item: item(number), part: Number(part) };
    },
  };
}
