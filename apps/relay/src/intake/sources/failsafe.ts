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
  examples: [
    {
      key: 'notification.failsafe-status',
      body: {
        source_application: 'wbor-failsafe-notifier',
        event_type: 'source_change',
        timestamp_utc: '2025-06-01T19:20:00.123456+00:00',
        pin_name: 'D17',
        current_pin_state: true,
        active_source: 'B',
        previous_active_source: 'A',
        details: { playlist: { name: 'Night' }, persona: { name: 'DJ', email: 'dj@example.org' } },
      },
      becomes: {
        kind: 'message',
        source: 'failsafe',
        text: 'Failsafe: source B plays since Jun 1, 3:20 PM, before it A.',
        format: 'plain',
      },
    },
  ],
});

function backAgain(before: string | undefined, now: string, length: string): string {
  return `Failsafe: source ${before ?? 'other'} played for ${length}; ${now} plays again.`;
}
