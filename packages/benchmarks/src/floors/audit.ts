import { type ConsumeMessage, connect } from 'amqplib';
import pg from 'pg';

// The least that stores events and loses none: 500 rows a statement, acknowledged when they are committed. TABLE is a bare
// one of its own, or the audit's, whose trigger then keeps the same counts. No cleaning of texts, no hiding of bot ids, no
// search for the row at fault, no outage.

const env = (name: string): string => process.env[name] ?? '';

const BATCH_ROWS = 500;
const BATCH_DELAY_MS = 100;
const TABLE = env('TABLE') === 'groupme_posts' ? 'groupme_posts' : 'floor_posts';

const CREATE = `create table if not exists floor_posts (
  event_id uuid primary key, occurred_at timestamptz not null, received_at timestamptz not null default now(),
  wbor_message_id text, source text, code integer, text text, part integer, parts integer, attempt integer,
  outcome text, duration_ms double precision, payload jsonb not null)`;

const COLUMNS =
  'event_id, occurred_at, wbor_message_id, source, code, text, part, parts, attempt, outcome, duration_ms, payload';
const INSERT = `insert into ${TABLE} (${COLUMNS})
  select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[],
    $9::int[], $10::text[], $11::float8[], $12::jsonb[])
  on conflict (event_id) do nothing`;

async function main(): Promise<void> {
  const database = new pg.Client({ connectionString: env('DATABASE_URL') });
  await database.connect();
  if (TABLE === 'floor_posts') await database.query(CREATE);
  const connection = await connect(env('RABBITMQ_URL'), { noDelay: true });
  const channel = await connection.createChannel();
  // One batch is written while the next one comes.
  await channel.prefetch(2 * BATCH_ROWS);

  let batch: ConsumeMessage[] = [];
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const rows = batch;
    batch = [];
    writing = writing.then(() => write(rows));
  }

  async function write(messages: readonly ConsumeMessage[]): Promise<void> {
    const last = messages.at(-1);
    if (last === undefined) return;
    const columns: unknown[][] = Array.from({ length: 12 }, () => []);
    for (const { content, properties } of messages) {
      const event = JSON.parse(content.toString());
      const row = [
        properties.messageId,
        event.sent_at,
        event.wbor_message_id,
        event.source,
        event.code,
        event.text,
        event.part,
        event.parts,
        event.attempt,
        event.outcome,
        event.duration_ms,
        '{}',
      ];
      for (const [index, value] of row.entries()) columns[index]?.push(value);
    }
    await database.query({ name: 'insert', text: INSERT, values: columns });
    channel.ack(last, true);
  }

  await channel.consume(env('QUEUE'), (message) => {
    if (message === null) return;
    batch.push(message);
    if (batch.length === BATCH_ROWS) flush();
    else timer ??= setTimeout(flush, BATCH_DELAY_MS);
  });
  process.stdout.write('{"msg":"ready"}\n');
}

void main();
