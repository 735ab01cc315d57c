import type { Pool, PoolClient } from 'pg';

const SWITCH_ON = `load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
  set auto_explain.log_timing = off; set client_min_messages = log`;
const SWITCH_OFF = 'set auto_explain.log_min_duration = -1; set client_min_messages = notice';
const OF_PARTITION = /groupme_(?:posts|images)_\d{4}_\d\d/;

/**
 * Runs the work, and tells the plans of its queries as Postgres really ran them (`auto_explain`), which says them to us instead of
 * its log.
 *
 * @param pool through which the work runs, with `connections` at most. Its user must be a superuser.
 * @returns each with the text of its query; of a hundred partitions it tells of one.
 */
export async function explainQueries(
  pool: Pool,
  connections: number,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const plans: string[] = [];
  const onNotice = ({ message }: { message?: string | undefined }): void => {
    if (message?.includes('plan:')) plans.push(message.replace(/^duration: [\d.]+ ms +plan:\n/, ''));
  };
  const onAll = async (change: (client: PoolClient) => Promise<unknown>): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
    for (const client of clients) {
      await change(client);
      client.release();
    }
  };
  await onAll(async (client) => {
    await client.query(SWITCH_ON);
    client.on('notice', onNotice);
  });
  await work();
  await onAll(async (client) => {
    client.off('notice', onNotice);
    await client.query(SWITCH_OFF);
  });
  return plans.map(shorten);
}

function shorten(plan: string): string {
  const kept: string[] = [];
  let skipped = 0;
  let hasOne = false;
  let isSkipping = false;
  for (const line of plan.trim().split('\n')) {
    if (line.includes('->')) {
      const isOfPartition = OF_PARTITION.test(line);
      isSkipping = isOfPartition && hasOne;
      hasOne = isOfPartition;
      if (isSkipping) {
        skipped += 1;
        hasOne = true;
      }
    }
    if (!isSkipping) kept.push(line.trimEnd());
  }
  return [...kept, ...(skipped === 0 ? [] : [`(and ${skipped} like it of other partitions)`])].join('\n');
}
