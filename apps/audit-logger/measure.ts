// Measures how fast a backlog is stored: RABBITMQ_URL=… DATABASE_URL=… node measure.ts [events]
// Uses a queue of its own; the database should be an empty one.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { connectBroker } from '@wbor/amqp';
import { sleep } from '@wbor/async';
import { auditQueues, deriveTopology, postEvent } from '@wbor/contracts';
import { createDatabase } from '@wbor/database';
import { createLogger, parseConfig } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import { sql } from 'kysely';
import { auditLoggerSettings } from './src/config.ts';
import { startAuditLogger } from './src/start.ts';

const { RABBITMQ_URL: brokerUrl, DATABASE_URL: databaseUrl } = process.env;
if (!brokerUrl || !databaseUrl) throw new Error('set RABBITMQ_URL and DATABASE_URL');
const total = Number(process.argv[2] ?? 20_000);
const name = `measure_${randomUUID()}`;
const namespace = { exchange: name, queuePrefix: `${name}.` };
const logger = createLogger({ name: 'measure', level: 'warn' });

const broker = await connectBroker({
  url: brokerUrl,
  appId: 'measure',
  topology: deriveTopology(auditQueues, namespace),
  logger,
});
for (let published = 0; published < total; published += 500) {
  await Promise.all(Array.from({ length: 500 }, (_, index) => publish(published + index)));
}

const service = createTestServiceContext();
const startedAt = performance.now();
await startAuditLogger(
  parseConfig(auditLoggerSettings, {
    RABBITMQ_URL: brokerUrl,
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    DATABASE_URL: databaseUrl,
  }),
  { ...service.context, logger },
);
const { db, close } = createDatabase({ connectionString: databaseUrl });
while ((await countRows()) < total) await sleep(20);
const seconds = (performance.now() - startedAt) / 1000;
const { rows } = await sql<{ seconds: number }>`
  select extract(epoch from max(received_at) - min(received_at))::float as seconds
  from groupme_posts where source = ${name}`.execute(db);
console.log(
  `${total} events in ${seconds.toFixed(2)} s with the start; ` +
    `${Math.round(total / (rows[0]?.seconds ?? seconds))} rows/s between the first flush and the last`,
);
await close();
await service.stop();
await broker.close();

function publish(number: number): Promise<void> {
  return broker.publish(postEvent, {
    text: `(1/2):\n"Message ${number}, about as long as a text message to the DJ is"\n---UID---\n0a1b2c3d\n---------`,
    bot_id: '0123456789abcdef01234567',
    source: name,
    code: 202,
    type: 'log',
    wbor_message_id: randomUUID(),
    part: 1,
    parts: 2,
    attempt: 1,
    outcome: 'delivered',
    sent_at: new Date().toISOString(),
    duration_ms: 91,
  });
}

async function countRows(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from groupme_posts where source = ${name}`.execute(db);
  return rows[0]?.count ?? 0;
}
