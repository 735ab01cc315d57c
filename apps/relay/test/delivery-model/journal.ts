import type { Journal } from '../../src/delivery/reconcile/journal.ts';
import type { Ledger } from '../../src/delivery/reconcile/ledger.ts';
import type { ResultRecorder } from '../../src/delivery/record-result.ts';
import { checkChoice, checkResult } from './promises.ts';
import type { RelayProcess } from './relay-process.ts';
import type { World } from './world.ts';

/**
 * The journal as one relay has it. An announcement is stored at once, unless the channel of its message is cut; the relay hears
 * of either when it does.
 */
export function journalFor(world: World, process: RelayProcess, ledger: Ledger): Journal {
  const { books, broker } = world;
  return {
    async announce(delivery, part, call, lost) {
      const { item, part: number } = books.post(part.text);
      // It was published before, and the broker has it before anybody else can read the journal.
      process.unconfirmed?.store();
      const isStored = broker.channels.isHeld(item);
      books.note(`${part.text} announced${isStored ? '' : ' in vain'}`);
      checkChoice(world, process, item);
      const open = {
        part: number,
        delivery: item.deliveries,
        givenUp: false,
        answer: undefined,
        endedAtMs: undefined,
        searched: false,
      };
      if (isStored) {
        item.open = open;
        world.journal.push({ part, call, state: 'open' });
      }
      open.givenUp = !(await delivery.isHeld()) || lost.aborted;
      return !open.givenUp;
    },
    async read() {
      await process.during(broker.answer());
      for (const { part, call, state } of world.journal) ledger.record(part, call, state);
    },
  };
}

/**
 * Results as one relay records them. One is stored only when the relay hears of it: who is killed before leaves a call
 * without a result, although its answer had come.
 *
 * @param waitMs says how long the relay's next call would have to wait.
 */
export function recorderFor(world: World, process: RelayProcess, waitMs: () => number): ResultRecorder {
  const { books, broker } = world;
  return {
    log() {},
    async record(_planned, entry, { outcome }) {
      const { item, part } = books.post(entry.text);
      const { examined, lastCall: call, state } = entry;
      books.note(`${entry.text} recorded: ${outcome}`);
      checkResult(books, item, part, { outcome, examined, waitMs: waitMs() });
      const madeIn = item.open?.delivery ?? item.deliveries;
      let isStored = false;
      function store(): void {
        if (isStored) return;
        isStored = true;
        world.journal.push({ part: entry, call, state });
        item.open = undefined;
        if (outcome === 'rejected') item.rejectedPart = part;
        if (outcome !== 'delivered') return;
        item.recorded.add(part);
        item.recordedIn = madeIn;
      }
      books.require('one result after the other is recorded', process.unconfirmed === undefined, item);
      process.unconfirmed = { store };
      await process.during(broker.answer());
      store();
      process.unconfirmed = undefined;
    },
  };
}
