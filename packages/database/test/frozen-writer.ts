import process from 'node:process';
import { createDatabase, insertEvents } from '../src/index.ts';

/** Stores a post and freezes before the commit, as a process does on a machine that is paused. */
const [connectionString = '', timeoutMs = '', eventId = ''] = process.argv.slice(2);
const { close, db } = createDatabase({ connectionString, idleInTransactionTimeoutMs: Number(timeoutMs) });
try {
  await db.transaction().execute(async (transaction) => {
    await insertEvents(transaction, 'groupme_posts', [
      {
        event_id: eventId,
        occurred_at: new Date(),
        wbor_message_id: eventId,
        source: 'ups',
        code: 202,
        bot: null,
        payload: {},
      },
    ]);
    process.kill(process.pid, 'SIGSTOP');
  });
} catch {
  process.exitCode = 3;
}
await close();
