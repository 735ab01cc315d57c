import process from 'node:process';
import { parseArgs } from 'node:util';
import { createDatabase, makeMonths, migrateToLatest, monthStart, seedPosts } from '@wbor/database';
import { createSenderNormaliser } from '@wbor/phone';
import { createStationClock } from '@wbor/station-clock';
import { explainQueries, startPostgres } from '@wbor/testkit';
import { sql } from 'kysely';
import type { CommandCall } from './src/intake/read-command.ts';
import { runCommand } from './src/intake/run-command.ts';

// Seeds a Postgres of its own (or that of DATABASE_URL, which must be for measuring only), runs each command on
// it and prints its times, and the plans of its queries as Postgres really ran them.
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '20' },
    'data-dir': { type: 'string' },
    // As if it had been kept in partitions for ten years. A Postgres that is filled already stays as it is.
    months: { type: 'boolean' },
  },
});
/** One of a moderator works on commands. */
const MAX_CONNECTIONS = 1;
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const dataDir = values['data-dir'];
const postgres = await startPostgres(dataDir === undefined ? {} : { dataDir });
await migrateToLatest({ connectionString: postgres.url });
const { close, db, pool } = createDatabase({
  connectionString: postgres.url,
  maxConnections: MAX_CONNECTIONS,
  statementTimeoutMs: 600_000,
});
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Stands for a command that replies to a message instead of naming it. */
const REPLY = '(as a reply)';

let typed = 0;
function call(command: string, argument: string): CommandCall {
  typed += 1;
  return {
    callbackId: `measure ${Date.now()} ${typed}`,
    wborMessageId: `measure ${typed}`,
    command,
    argument: argument === REPLY ? '' : argument,
    replyToId: argument === REPLY ? 'echo 500' : undefined,
    callerId: '1',
    callerName: 'Measure',
    at: new Date(),
    isCut: false,
    isQuoted: false,
  };
}

const run = (command: string, argument: string) =>
  runCommand(
    db,
    call(command, argument),
    {
      policy: { moderators: [], maxAgeMs: 300_000, maxPerMinute: 1_000_000 },
      tools: {
        clock: createStationClock('America/New_York'),
        normaliseSender: createSenderNormaliser('US'),
        describeRelays: () => undefined,
      },
    },
    new Date(),
  );

/** What is written is no question of plans. */
function isRead(plan: string): boolean {
  return !/insert into|update |from ban_list_version for update/i.test(plan.split('\n')[0] ?? '');
}

try {
  const { rows: counted } = await sql<{ count: string }>`select count(*) from groupme_posts`.execute(db);
  if (Number(counted[0]?.count) < rows) {
    const startedAt = performance.now();
    if (values.months) await makeMonths(db, monthStart(new Date(), -121), new Date());
    await seedPosts(db, rows);
    // Bans of ten years, nearly all of them over.
    await sql`
      insert into bans (id, sender, banned_at, until, banned_by, lifted_at, lifted_by)
      select gen_random_uuid(), '+1' || number, now() - interval '1 year', now() - interval '1 day', '1',
        case when number > 20 then now() end, 'expired'
      from generate_series(1, 20000) as number`.execute(db);
    await sql`update bans set until = now() + interval '1 year', lifted_by = null where lifted_at is null`.execute(
      db,
    );
    await sql`
      insert into groupme_echoes (event_id, occurred_at, groupme_id, text, picture_url, payload)
      select gen_random_uuid(), occurred_at + interval '1 second', 'echo ' || row_number() over (order by occurred_at desc),
        text, picture_url, '{}'
      from groupme_posts where code = 202 order by occurred_at desc limit 100000`.execute(db);
    await sql`vacuum analyze`.execute(db);
    say(`seeded ${rows} rows in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
  const { rows: picked } = await sql<{ uid: string }>`
    select left(wbor_message_id, 8) as uid from groupme_messages where sender is not null limit 1`.execute(
    db,
  );
  const uid = picked[0]?.uid ?? '';
  const cases: [string, string][] = [
    ['help', ''],
    ['ping', ''],
    ['who', uid],
    ['who', uid.slice(0, 4)],
    ['who', REPLY],
    ['stats', ''],
    ['stats', 'today'],
    ['stats', 'week'],
    ['stats', 'twilio'],
    ['stats', uid],
    ['ban', `${uid} 2h measured`],
    ['bans', ''],
    ['unban', uid],
    ['status', ''],
    ['clear', ''],
  ];
  say('\n| command | median ms | most ms |\n|---|---|---|');
  for (const [command, argument] of cases) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now();
      await run(command, argument);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const median = times[Math.floor(times.length / 2)] ?? 0;
    say(
      `| \`!${command}${argument && ` ${argument}`}\` | ${median.toFixed(1)} | ${(times.at(-1) ?? 0).toFixed(1)} |`,
    );
  }
  for (const [command, argument] of cases) {
    const plans = await explainQueries(pool, MAX_CONNECTIONS, () => run(command, argument));
    say(`\n## \`!${command}${argument && ` ${argument}`}\`\n`);
    for (const plan of plans.filter(isRead)) say(`\`\`\`\n${plan}\n\`\`\``);
  }
} finally {
  await close();
  await postgres.dispose();
}
