import type { CallState, LedgerCall, LedgerPart } from '../../src/delivery/reconcile/ledger.ts';
import { createModelBans, type ModelBans } from './bans.ts';
import { type Books, createBooks } from './books.ts';
import { createModelBroker, type ModelBroker } from './broker.ts';
import { type CallLimit, createCallLimit } from './call-limit.ts';
import type { Schedule } from './schedule.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

interface JournalEntry {
  readonly part: LedgerPart;
  readonly call: LedgerCall;
  readonly state: CallState;
}

/** All that a relay meets, and that stays when the relay goes. */
export interface World {
  readonly time: VirtualTime;
  readonly books: Books;
  readonly broker: ModelBroker;
  readonly bans: ModelBans;
  /** When the present relay may call GroupMe. */
  readonly limit: CallLimit;
  /** What the schedule has left of GroupMe's answers, of the searches of the chat, and of telling producers. */
  readonly calls: Schedule['calls'][number][];
  readonly searches: boolean[];
  readonly tells: boolean[];
  /** What relays have left to the ones after them, in the order in which it was stored. */
  readonly journal: JournalEntry[];
}

export function createWorld(schedule: Schedule): World {
  const time = createVirtualTime();
  const books = createBooks(schedule.messages, time);
  return {
    time,
    books,
    broker: createModelBroker(books, time, schedule.brokerMs),
    bans: createModelBans(),
    limit: createCallLimit(time),
    calls: [...schedule.calls],
    searches: [...schedule.searches],
    tells: [...schedule.tells],
    journal: [],
  };
}
