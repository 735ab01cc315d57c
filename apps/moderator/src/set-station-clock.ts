import type { Database } from '@wbor/database';
import type { Logger } from '@wbor/service';
import { type Kysely, sql } from 'kysely';

/**
 * Tells the database where days are cut. Days that were counted before stay as they were counted. A zone that Postgres
 * does not know is named in the error that it throws: nothing could be counted with it.
 */
export async function setStationClock(db: Kysely<Database>, timeZone: string, logger: Logger): Promise<void> {
  await sql`select now() at time zone ${timeZone}`.execute(db);
  const { numUpdatedRows } = await db
    .updateTable('station_clock')
    .set({ time_zone: timeZone })
    .where('time_zone', '<>', timeZone)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) logger.info({ time_zone: timeZone }, 'days are cut by this time zone from now on');
}
