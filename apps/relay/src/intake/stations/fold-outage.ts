import type { Episodes, Folded } from '../episodes.ts';
import type { IncomingStatus } from '../parse-incoming.ts';

/**
 * Keeps back the word that a station is offline, in case that it is back in a moment: then that is one message. To be called
 * as statuses arrive, since the one that is kept back holds up those behind it.
 *
 * @returns undefined when there is nothing to fold.
 */
export async function foldOutage(
  episodes: Pick<Episodes, 'open' | 'close' | 'isOpen'>,
  { atMs, name, seen, source, station }: IncomingStatus,
  lost: AbortSignal,
): Promise<Folded | undefined> {
  const outage = { id: station, atMs };
  if (seen.online === true) {
    const fold = (length: string) => `${name} was offline for ${length}.`;
    // It waits for the other by its turn.
    void episodes.close(source, { ...outage, phase: 'end', fold }, Date.now());
  }
  // One that says the same again comes behind the first, and is old when that was folded.
  if (seen.online !== false || episodes.isOpen(source, station)) return undefined;
  return episodes.open(source, { ...outage, phase: 'begin' }, Date.now(), lost).folded;
}
