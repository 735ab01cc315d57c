import { failsafeNotification } from '@wbor/contracts';
import { stationClock } from '../text/station-clock.ts';
import { defineSource } from './source.ts';

/** The source that plays unless something is wrong with it. */
const MAIN = 'A';

/** Which of its inputs the failsafe gadget plays. What it knows of the show, a DJ's e-mail address among it, is not for the chat. */
export const failsafe = defineSource({
  key: failsafeNotification.key,
  schema: failsafeNotification.schema,
  read({ active_source, previous_active_source, timestamp_utc: atMs }, _key, _raw, clock = stationClock) {
    const now = active_source?.trim();
    const before = previous_active_source?.trim();
    const since = atMs === undefined ? '' : ` since ${clock.showTime(new Date(atMs))}`;
    const isMain = now?.toUpperCase() === MAIN;
    return {
      kind: 'message',
      source: 'failsafe',
      // Without it there is nothing to tell: it is parked as empty.
      text: now ? `Failsafe: source ${now} plays${since}${before ? `, before it ${before}` : ''}.` : '',
      format: 'plain',
      ...(now
        ? {
            episode: isMain
              ? { id: 'source', phase: 'end', atMs, fold: (length) => backAgain(before, now, length) }
              : { id: 'source', phase: 'begin', atMs },
          }
        : {}),
    };
  },
});

function backAgain(before: string | undefined, now: string, length: string): string {
  return `Failsafe: source ${before ?? 'other'} played for ${length}; ${now} plays again.`;
}
