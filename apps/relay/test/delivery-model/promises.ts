import type { CallOutcome } from '@wbor/groupme';
import type { Books } from './books.ts';
import { type Item, isBegun, isComplete, isCompleteNow, type NotPosted } from './item.ts';
import type { RelayProcess } from './relay-process.ts';
import type { World } from './world.ts';

const isLate = ({ time }: World, item: Item): boolean => time.nowMs >= item.deadlineMs;

const isBanned = ({ bans }: World, item: Item): boolean => item.message.sender && bans.certain && bans.banned;

/** A relay announces a call: it has decided to post this part next. */
export function checkChoice(world: World, process: RelayProcess, item: Item): void {
  const { bans, books, broker } = world;
  const { require } = books;
  const normal = item.message.lane === 'normal';
  require('no call is begun once the relay stops', !process.stopping, item);
  require('no call is begun once the hold has ended', !broker.channels.holdOverrun, item);
  require('no call while another of the message has no result', item.open === undefined, item);
  for (const other of books.items) {
    if (other === item || !other.queued) continue;
    // Nothing of it will be posted any more: only its acknowledgement is missing, or it is about to be parked.
    if (isComplete(other) || other.rejectedPart !== undefined || other.endedAs !== undefined) continue;
    require('a begun message is always next', other.message.parts === 1 || !isBegun(other), item);
    // Emergencies are one line, whatever their sources.
    const sameLine =
      other.message.lane === item.message.lane && (!normal || other.message.source === item.message.source);
    require('each source keeps its order', !sameLine || other.number > item.number, item);
  }
  if (isBegun(item)) return;
  require('nothing late is begun', !isLate(world, item), item);
  const isTold = item.producerKnows || !item.message.interim || !Number.isFinite(item.deadlineMs);
  require('nothing is begun of which a producer that waits does not know', isTold, item);
  require('nothing of a banned sender is begun', !item.message.sender ||
    (bans.certain && !bans.banned), item);
  const isPassing = books.items.some(({ awaited }) => awaited);
  require('an emergency that is given back to be held on is not passed', !isPassing, item);
  const urgentWaits = broker.channels.inHand.some(
    (other) => other.message.lane === 'urgent' && !isComplete(other),
  );
  require('an urgent message waits for a begun one at most', !normal || !urgentWaits, item);
}

/** A call reaches GroupMe. */
export function checkCall(
  world: World,
  process: RelayProcess,
  item: Item,
  part: number,
  callsUnderWay: number,
): void {
  const { books, broker, limit, time } = world;
  const { require } = books;
  require('no post without holding the message', broker.channels.isHeld(item), item);
  require('one call at a time', callsUnderWay === 0, item);
  require('no call before the result of the one before it is stored', process.unconfirmed ===
    undefined, item);
  const isAnnounced = item.open?.part === part && item.open.answer === undefined;
  require('each call is announced before it is made', isAnnounced, item);
  require('no call is made whose announcement was given up', item.open?.givenUp !== true, item);
  require('what GroupMe has rejected is not posted again', item.rejectedPart !== part, item);
  require('the pace is kept', time.nowMs >= limit.pacedUntilMs - 1, item);
  const mayTryAtOnce = item.message.lane === 'urgent' && !item.tried;
  require('the back-off of an outage is kept', mayTryAtOnce ||
    time.nowMs >= limit.backedOffUntilMs - 1, item);
  require('a part that the chat shows is not posted again', !item.shown.has(part) ||
    item.doubted.has(part), item);
  require('parts are posted in order', Array.from({ length: part - 1 }, (_, index) => index + 1).every((n) =>
    item.shown.has(n),
  ), item);
}

export function checkSearch({ books, broker, time }: World, item: Item): void {
  const { require } = books;
  require('a search is made by whoever holds the message', broker.channels.isInHand(item), item);
  require('no search is begun once the hold has ended', !broker.channels.holdOverrun, item);
  require('a search is made for a call that has no result', item.open !== undefined, item);
  // Not when the message was delivered again: others may come first.
  if (item.open?.endedAtMs !== undefined && item.open.delivery === item.deliveries)
    require('a doubt is searched at once', time.nowMs === item.open.endedAtMs, item);
}

/** @param waitMs how long the next call would have to wait. */
export function checkResult(
  { require }: Books,
  item: Item,
  part: number,
  result: { readonly outcome: CallOutcome; readonly examined: boolean; readonly waitMs: number },
): void {
  const { open } = item;
  const { outcome } = result;
  require('a result is recorded once for each call', open?.part === part, item);
  const isShown = item.shown.has(part);
  if (outcome === 'delivered') require('what is recorded as delivered is in the chat', isShown, item);
  else require('what the chat shows is not recorded as failed', !isShown || item.doubted.has(part), item);
  if (outcome === 'rejected')
    require('what is recorded as rejected was rejected', open?.answer === 'rejects', item);
  if (outcome !== 'unknown') return;
  require('no doubt is ended without a search', open?.searched === true, item);
  if (result.examined) require('a call in doubt is not given up before the next', result.waitMs <= 0, item);
}

/** A message ends without a post of its next part. */
export function checkEnding(world: World, process: RelayProcess, item: Item, ending: NotPosted): void {
  const { books, broker } = world;
  const { require } = books;
  // A slow broker answers whether the message is held after the decision: what counted then may be over by now.
  const decidedJustNow = broker.answersAtOnce || ending === 'parked';
  require('a message is ended by whoever holds it', broker.channels.isInHand(item), item);
  require('nothing is ended once the hold has ended', !broker.channels.holdOverrun, item);
  require('nothing is ended once the relay stops', !decidedJustNow || !process.stopping, item);
  const rejected = item.rejectedPart !== undefined;
  require('what GroupMe has rejected is parked, and nothing else is', rejected ===
    (ending === 'parked'), item);
  if (ending !== 'parked') require('what is begun is posted', !isBegun(item), item);
  if (ending === 'expired') require('only what is late expires', isLate(world, item), item);
  if (ending === 'blocked')
    require('only who is banned is blocked', !decidedJustNow || isBanned(world, item), item);
  if (ending === 'blocked')
    require('what is late is not blocked', !decidedJustNow || !isLate(world, item), item);
}

/** What must be so whenever nothing can go on without the clock. */
export function checkRest(world: World, process: RelayProcess): void {
  const { require } = world.books;
  const { current, inHand } = world.broker.channels;
  if (!process.alive || process.busy || current?.cut) return;
  require('what is complete is acknowledged at once', !inHand.some(isCompleteNow));
  const [only] = inHand;
  const queued = world.books.items.filter((item) => item.queued);
  // With several, it may be another's turn, also one's that is about to be delivered.
  if (only === undefined || queued.length > 1 || process.stopping) return;
  require('what GroupMe has rejected is parked at once', only.rejectedPart === undefined, only);
  if (isBegun(only)) return;
  require('what is late is ended at once', !isLate(world, only), only);
  require('who is banned is blocked at once', !isBanned(world, only), only);
}
