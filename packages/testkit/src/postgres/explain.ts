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

/** Keeps the last of each row of partitions: the months of long ago may be empty. */
function shorten(plan: string): string {
  // A node with the lines below it.
  const nodes = plan.trim().split(/\n(?= *->)/);
  const isOfPartition = (node: string | undefined): boolean => OF_PARTITION.test(node?.split('\n')[0] ?? '');
  const kept = nodes.filter((node, index) => !isOfPartition(node) || !isOfPartition(nodes[index + 1]));
  const skipped = nodes.length - kept.length;
  const text = kept.join('\n').replace(/ +$/gm, '');
  return skipped === 0 ? text : `${text}\n(and ${skipped} like it of other partitions)`;
}
