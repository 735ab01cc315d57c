import process from 'node:process';
import { parseArgs } from 'node:util';
import { createDatabase, makeMonths, migrateToLatest, monthStart, seedPosts } from '@wbor/database';
import { createSenderNormaliser } from '@wbor/phone';
import { createStationClock } from '@wbor/station-clock';
import { explainQueries, startPostgres } from '@wbor/testkit';
import { sql } from 'kysely';
import { loadStory } from './src/pages/message/queries.ts';
import { filterSchema } from './src/pages/messages/filter.ts';
import { listMessages, listSources } from './src/pages/messages/queries.ts';
import { loadSources } from './src/pages/sources/queries.ts';
import { loadStatistics } from './src/pages/statistics/queries.ts';

// Seeds a Postgres of its own (or that of DATABASE_URL, which must be for measuring only), makes the data of each page on it, and
// prints how long that takes, and the plans of its queries as Postgres really ran them.
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '20' },
    'data-dir': { type: 'string' },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const dataDir = values['data-dir'];
const MAX_CONNECTIONS = 4;
const postgres = await startPostgres(dataDir === undefined ? {} : { dataDir });
// A connection for each query at once that the console makes of a page.
const { close, db, pool } = createDatabase({
  connectionString: postgres.url,
  maxConnections: MAX_CONNECTIONS,
  statementTimeoutMs: 900_000,
});
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const seconds = (since: number): number => Math.round((performance.now() - since) / 1000);

/** Words in a fifth and in a thousandth of all messages, added before their index is made. */
const [FREQUENT, RARE] = ['request', 'thunderstorm'];

async function fill(): Promise<void> {
  const startedAt = performance.now();
  await migrateToLatest({ connectionString: postgres.url });
  const { rows: counted } = await sql<{ count: string }>`select count(*) from groupme_posts`.execute(db);
  if (Number(counted[0]?.count) < rows) {
    await makeMonths(db, monthStart(new Date(), -121), new Date());
    await seedPosts(db, rows);
    await sql`
      insert into groupme_echoes (event_id, occurred_at, groupme_id, text, picture_url, payload)
      select gen_random_uuid(), occurred_at + interval '1 second', 'echo ' || row_number() over (order by occurred_at desc),
        text, picture_url, '{}'
      from groupme_posts where code = 202 order by occurred_at desc limit 100000`.execute(db);
    say(`seeded ${rows} rows in ${seconds(startedAt)} s`);
  }
  const { rows: found } =
    await sql`select from groupme_messages where text ilike ${`%${RARE}%`} limit 1`.execute(db);
  if (found.length > 0) return;
  await sql`
    update groupme_messages
    set text = text || case abs(hashtext(wbor_message_id)) % 1000 when 0 then ${` ${RARE}`} else ${` ${FREQUENT}`} end
    where abs(hashtext(wbor_message_id)) % 5 = 0`.execute(db);
  await sql`vacuum analyze`.execute(db);
  say(`worded in ${seconds(startedAt)} s`);
}

const deps = {
  db,
  clock: createStationClock('America/New_York'),
  normaliseSender: createSenderNormaliser('US'),
};
const list = (query: Record<string, string>) => () => listMessages(deps, filterSchema.parse(query), true);

async function casesOf(): Promise<[string, () => Promise<unknown>][]> {
  const { rows: picked } = await sql<{ id: string; at: string; sender: string }>`
    select wbor_message_id as id, first_at::text as at, sender from groupme_messages
    where sender is not null order by first_at desc offset ${Math.min(1000, Math.floor(rows / 2))} limit 1`.execute(
    db,
  );
  const { at = '', id = '', sender = '' } = picked[0] ?? {};
  const { rows: middle } = await sql<{ at: string }>`
    select (min(first_at) + (max(first_at) - min(first_at)) / 2)::text as at from groupme_messages`.execute(
    db,
  );
  const day = at.slice(0, 10);
  return [
    ['Messages, newest', list({})],
    ['Messages, older', list({ before: middle[0]?.at ?? '', beforeId: id })],
    ['Messages, names of sources', () => listSources(db)],
    ['Messages, a source', list({ source: 'endec' })],
    ['Messages, a day', list({ from: day, to: day })],
    ['Messages, UID', list({ uid: id.slice(0, 8) })],
    ['Messages, beginning of a UID', list({ uid: id.slice(0, 4) })],
    ['Messages, a number', list({ sender })],
    ['Messages, last 4 digits', list({ sender: sender.slice(-4) })],
    ['Messages, a word in a fifth', list({ q: FREQUENT ?? '' })],
    ['Messages, a word in 0.1 %', list({ q: RARE ?? '' })],
    ['Messages, both words', list({ q: `${FREQUENT} ${RARE}` })],
    ['Messages, part of a word in 0.1 %', list({ q: 'understor' })],
    ['Messages, a part that is nowhere', list({ q: 'qzxqzx' })],
    ['Messages, whole word in a fifth', list({ q: FREQUENT ?? '', whole: 'yes' })],
    ['Messages, whole word in 0.1 %', list({ q: RARE ?? '', whole: 'yes' })],
    ['Messages, a word of two letters', list({ q: 'th' })],
    ['Messages, rare word of a source', list({ q: RARE ?? '', source: 'ups' })],
    ['Messages, in doubt', list({ state: 'doubt' })],
    ['Messages, blocked', list({ state: 'blocked' })],
    ['Messages, waiting', list({ state: 'waiting' })],
    ['Messages, confirmed by echo', list({ state: 'confirmed' })],
    ['Message', () => loadStory(db, id, deps.normaliseSender)],
    ['Message, unknown', () => loadStory(db, 'unknown', deps.normaliseSender)],
    ['Sources', () => loadSources(db)],
    ['Statistics, 30 days', () => loadStatistics(db, 30, deps.clock)],
    ['Statistics, 365 days', () => loadStatistics(db, 365, deps.clock)],
  ];
}

try {
  await fill();
  const cases = await casesOf();
  say('\n| page, and what is asked for | median ms | most ms |\n|---|---|---|');
  for (const [name, run] of cases) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now();
      await run();
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const median = times[Math.floor(times.length / 2)] ?? 0;
    say(`| ${name} | ${median.toFixed(1)} | ${(times.at(-1) ?? 0).toFixed(1)} |`);
  }
  for (const [name, run] of cases) {
    say(`\n### ${name}\n`);
    for (const plan of await explainQueries(pool, MAX_CONNECTIONS, run)) say(`\`\`\`\n${plan}\n\`\`\``);
  }
} finally {
  await close();
  await postgres.dispose();
}
