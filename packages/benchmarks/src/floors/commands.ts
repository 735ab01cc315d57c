import { type ConsumeMessage, connect } from 'amqplib';
import pg from 'pg';

// The least that answers `!who` and `!stats` and loses none: one query or two, a confirmed reply, an acknowledgement. No
// check of who asks, no record of the command, no once-only, no masking.

const env = (name: string): string => process.env[name] ?? '';

async function main(): Promise<void> {
  const database = new pg.Client({ connectionString: env('DATABASE_URL') });
  await database.connect();
  const connection = await connect(env('RABBITMQ_URL'), { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(1);
  await channel.assertQueue(env('QUEUE'), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(env('QUEUE'), env('EXCHANGE'), 'source.groupme.callback');

  async function answer(text: string): Promise<unknown> {
    const [, uid] = /^!who (\S+)/.exec(text) ?? [];
    if (uid !== undefined) {
      const { rows } = await database.query({
        name: 'who',
        text: `select wbor_message_id, sender, sender_name, first_at, source from groupme_messages
               where wbor_message_id like $1 limit 2`,
        values: [`${uid}%`],
      });
      return rows;
    }
    const totals = await database.query({ name: 'totals', text: 'select * from stats_overall' });
    const sources = await database.query({
      name: 'sources',
      text: 'select source, messages from stats_by_source order by messages desc limit 8',
    });
    return [totals.rows, sources.rows];
  }

  async function run(message: ConsumeMessage): Promise<void> {
    const { text } = JSON.parse(message.content.toString()) as { text: string };
    const reply = { body: JSON.stringify(await answer(text)), source: 'command' };
    await new Promise<void>((resolve, reject) => {
      const content = Buffer.from(JSON.stringify(reply));
      channel.publish(env('EXCHANGE'), 'source.standard.command', content, { persistent: true }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
    channel.ack(message);
  }

  await channel.consume(env('QUEUE'), (message) => {
    if (message !== null) void run(message);
  });
  process.stdout.write('{"msg":"ready"}\n');
}

void main();
