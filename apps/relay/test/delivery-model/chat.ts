import {
  type GroupMeClient,
  type GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
  GroupMeUnreachableError,
} from '@wbor/groupme';
import type { Ledger } from '../../src/delivery/reconcile/ledger.ts';
import type { ChatObserver } from '../../src/delivery/reconcile/observe-chat.ts';
import { RETRY_AFTER_MS } from './call-limit.ts';
import { checkCall, checkSearch } from './promises.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Answer } from './schedule.ts';
import type { World } from './world.ts';

const SEARCH_MS = 3_000;

/** GroupMe as one relay calls it. Whether a post is in the chat is settled as soon as it is called. */
export function groupmeFor(world: World, process: RelayProcess): Pick<GroupMeClient, 'postMessage'> {
  const { books, limit, time } = world;
  let callsUnderWay = 0;
  return {
    async postMessage({ text = '' }) {
      const { item, part } = books.post(text);
      const { answer, ms } = world.calls.shift() ?? { answer: 'accepts', ms: 0 };
      books.note(`call ${text}: ${answer}, ${ms} ms`);
      checkCall(world, process, item, part, callsUnderWay);
      callsUnderWay += 1;
      item.tried = true;
      if (item.open) item.open.answer = answer;
      if (answer === 'accepts' || answer === 'lost-shown') item.shown.add(part);
      limit.called();
      if (ms > 0) await process.during(time.pause(ms));
      callsUnderWay -= 1;
      if (item.open) item.open.endedAtMs = time.nowMs;
      limit.answered(answer);
      if (answer !== 'accepts') throw failureOf(answer, ms);
      return { status: 202, durationMs: ms };
    },
  };
}

/** Searches of the chat by one relay. A search that is certain shows what is there. */
export function observerFor(world: World, process: RelayProcess, ledger: Ledger): ChatObserver {
  const { books, limit, searches, time } = world;
  return {
    async observe(entry, lost) {
      const { item, part } = books.post(entry.text);
      checkSearch(world, item);
      const givenUp = new Promise<void>((resolve) => lost.addEventListener('abort', () => resolve()));
      await process.during(Promise.race([time.pause(SEARCH_MS), givenUp]));
      if (lost.aborted) return undefined;
      if (item.open) item.open.searched = true;
      const certain = searches.shift() ?? true;
      books.note(`${entry.text} searched: ${certain ? 'certain' : 'uncertain'}`);
      if (!certain) {
        item.doubted.add(part);
        item.knownAsDoubted = true;
        return 'undetermined';
      }
      if (!item.shown.has(part)) return 'absent';
      limit.recovered();
      const post = { id: `${entry.text} ${time.nowMs}`, text: entry.text, pictureUrl: undefined };
      ledger.observe({ ...post, createdAtMs: entry.lastCall.sentAtMs }, 'read-back');
      return 'observed';
    },
  };
}

function failureOf(answer: Exclude<Answer, 'accepts'>, durationMs: number): GroupMeError {
  const facts = { status: 0, durationMs };
  switch (answer) {
    case 'limits':
      return new GroupMeRateLimitedError(answer, { ...facts, retryAfterMs: RETRY_AFTER_MS });
    case 'unreachable':
      return new GroupMeUnreachableError(answer, facts);
    case 'rejects':
      return new GroupMeRejectedError(answer, { ...facts, status: 400 });
    case 'lost-shown':
    case 'lost-absent':
      return new GroupMeUnknownOutcomeError(answer, facts);
  }
}
