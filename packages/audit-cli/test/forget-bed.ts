import { connectBroker } from '@wbor/amqp';
import { auditQueues, deriveTopology, moderatorQueues, relayQueues } from '@wbor/contracts';
import { createTestServiceContext } from '@wbor/service/testing';
import { connectAmqp, createNamespace, deleteNamespace, publishRaw, spawnService } from '@wbor/testkit';
import { inject, onTestFinished } from 'vitest';
import { openAuditDatabase, runAudit } from './audit-bed.ts';

export const GROUP_ID = '1234567890';
const queues = [...relayQueues, ...auditQueues, ...moderatorQueues];

export async function createForgetBed() {
  const { pool, url } = await openAuditDatabase();
  const namespace = createNamespace();
  const broker = await connectBroker({
    url: inject('brokerUrl'),
    appId: 'test',
    topology: deriveTopology(queues, namespace),
    logger: createTestServiceContext().context.logger,
  });
  const connection = await connectAmqp(inject('brokerUrl'));
  const channel = await connection.createConfirmChannel();
  onTestFinished(async () => {
    await broker.close();
    await connection.close();
    await deleteNamespace(inject('brokerUrl'), namespace);
  });
  const env = {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    DATABASE_URL: url,
    GROUPME_GROUP_ID: GROUP_ID,
  };
  const fullName = (queue: string) => `${namespace.queuePrefix}${queue}`;

  return {
    pool,
    /** What autovacuum does by itself now and then. */
    analyze: () => pool.query('analyze'),
    /** Publishes on the exchange; JSON, or bytes as they are. */
    publish: (key: string, body: unknown) => publishRaw(channel, namespace.exchange, key, toBytes(body)),
    /** Puts something straight into a queue. */
    send: (queue: string, body: unknown, headers = {}) =>
      publishRaw(channel, '', fullName(queue), toBytes(body), { headers }),
    purge: (queue: string) => channel.purgeQueue(fullName(queue)),
    forget: (...args: string[]) => runAudit(env, 'forget', ...args),
    async spawn(app: string) {
      const service = await spawnService({ app, env: { ...env, HEALTH_HOST: '127.0.0.1' } });
      onTestFinished(() => void service.kill());
      await service.waitUntilReady();
      return service;
    },
    count: async (table: string, where = 'true') =>
      Number((await pool.query(`select count(*) from ${table} where ${where}`)).rows[0].count),
    /** Everything in every queue, and every row of every table, as texts. */
    async dump(): Promise<string[]> {
      const texts: string[] = [];
      for (const { name } of queues) {
        const browser = await broker.browse(fullName(name));
        for (let message = await browser.next(); message; message = await browser.next()) {
          // How often it was looked at.
          const { 'x-delivery-count': _, ...headers } = message.headers;
          texts.push(`${name} ${JSON.stringify(headers)} ${message.content}`);
        }
        await browser.close();
      }
      // As pg_dump sees it: whatever holds rows, each once, in every schema of ours.
      const { rows: tables } = await pool.query(
        `select oid::regclass::text as name, relname from pg_class where relkind in ('r', 'm', 't')
           and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)`,
      );
      for (const { name, relname } of tables) {
        const { rows } = await pool.query(`select to_jsonb(t) as row from only ${name} as t`);
        for (const { row } of rows) {
          if (relname === 'audit_rejected') row.body = Buffer.from(row.body.slice(2), 'hex').toString();
          texts.push(`${name} ${JSON.stringify(row)}`);
        }
      }
      return texts;
    },
    /** Values that the planner keeps by heart; no dump has them, and they outlive the rows that they are of. */
    async statistics(): Promise<string[]> {
      const { rows } = await pool.query(
        "select to_jsonb(s)::text as text from pg_stats as s where schemaname = 'public'",
      );
      return rows.map(({ text }) => text);
    },
  };
}

function toBytes(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}
