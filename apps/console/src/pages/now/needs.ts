import type { ServiceSight } from '../../health/look.ts';
import type { LiveMessage } from '../../live/live-message.ts';
import { judgeSilence } from '../sources/silence.ts';

/** Something that somebody should look after. */
export interface Need {
  readonly words: string;
  /** Where to look. */
  readonly href: string | undefined;
  readonly tone: 'bad' | 'wait';
}

/** How many messages are parked, by queue; undefined while the broker cannot be asked. */
export type ParkedCounts = ReadonlyMap<string, number> | undefined;

/** The worst first. */
export function listNeeds(options: {
  readonly sights: readonly ServiceSight[];
  readonly parked: ParkedCounts;
  readonly sources: readonly { readonly source: string; readonly lastTimes: readonly Date[] }[];
  readonly messages: readonly LiveMessage[];
  readonly now: Date;
}): Need[] {
  const { messages, now, parked, sights, sources } = options;
  const needs: Need[] = [];
  for (const { faults, isReady, name } of sights) {
    if (!isReady)
      needs.push({ words: `${name} is not ready: ${faults.join('; ')}`, href: undefined, tone: 'bad' });
  }
  if (parked === undefined) needs.push({ words: 'the broker cannot be asked', href: undefined, tone: 'bad' });
  for (const [queue, count] of parked ?? []) {
    if (count === 0) continue;
    const what = count === 1 ? '1 message is' : `${count} messages are`;
    needs.push({ words: `${what} parked in ${queue}`, href: '/parked', tone: 'bad' });
  }
  for (const { source, lastTimes } of sources) {
    const { isUnusual, words } = judgeSilence(lastTimes, now);
    if (isUnusual) needs.push({ words: `${source} is ${words}`, href: '/sources', tone: 'wait' });
  }
  const doubtful = messages.filter(({ state }) => state.words.startsWith('in doubt')).length;
  if (doubtful > 0) {
    const what = doubtful === 1 ? '1 message is' : `${doubtful} messages are`;
    needs.push({ words: `${what} in doubt`, href: '/messages?state=doubt', tone: 'wait' });
  }
  for (const { name, notices } of sights) {
    for (const notice of notices) needs.push({ words: `${name}: ${notice}`, href: undefined, tone: 'wait' });
  }
  return needs;
}
