import { z } from 'zod';
import { isTimeZone } from './station-clock.ts';

/** The setting `STATION_TIME_ZONE`, the same for every service that shows times. */
export function timeZoneSetting(description: string) {
  return z
    .string()
    .refine(isTimeZone, 'must be the name of a time zone, such as America/New_York')
    .default('America/New_York')
    .describe(description);
}
