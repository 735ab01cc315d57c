import { type ConsumeMessage, connect } from 'amqplib';
import { Pool } from 'undici';

// The least that takes messages to GroupMe and loses none: consume with prefetch 1, post, have the log of it confirmed,
// acknowledge. Quorum queues. No order of sources, no pace, no doubt about a call, no retry: what fails ends the process.

const env = (name: string): string => process.env[name] ?? '';

interface Message {
  readonly body: string;
  readonly images?: readonly string[];
  /** Parts that somebody else has cut. */
  readonly parts?: readonly string[];
}

async function main(): Promise<void> {
  const connection = await connect(env('RABBITMQ_URL'), { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(1);
  await channel.assertExchange(env('EXCHANGE'), 'topic', { durable: true });
  const declare = (queue: string, more: object = {}) =>
    channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...more } });
  await declare(env('QUEUE'));
  await channel.bindQueue(env('QUEUE'), env('EXCHANGE'), 'source.standard.#');
  // As long as the relay's journal.
  await declare(env('LOG_QUEUE'), { 'x-max-length': 600, 'x-overflow': 'drop-head' });
  await channel.bindQueue(env('LOG_QUEUE'), env('EXCHANGE'), 'source.groupme.msg');

  const api = new URL(env('GROUPME_API_URL'));
  const groupme = new Pool(api.origin, { connections: 1 });
  const images = new Pool(new URL(env('GROUPME_IMAGE_URL')).origin, { connections: 1 });

  const log = (key: string, event: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const content = Buffer.from(JSON.stringify(event));
      channel.publish(env('EXCHANGE'), key, content, { persistent: true }, (error) =>
        error ? reject(error) : resolve(),
      );
    });

  async function post(text: string, pictureUrl?: string): Promise<void> {
    const { body, statusCode } = await groupme.request({
      method: 'POST',
      path: `${api.pathname}/bots/post`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ bot_id: env('GROUPME_BOT_ID'), text, picture_url: pictureUrl }),
    });
    await body.dump();
    if (statusCode !== 202) throw new Error(`GroupMe answered ${statusCode}`);
    await log('source.groupme.msg', { text, code: statusCode });
  }

  async function upload(imageUrl: string): Promise<string> {
    const fetched = await images.request({ method: 'GET', path: new URL(imageUrl).pathname });
    const { body, statusCode } = await images.request({
      method: 'POST',
      path: '/pictures',
      headers: { 'content-type': 'image/jpeg', 'x-access-token': env('GROUPME_ACCESS_TOKEN') },
      body: Buffer.from(await fetched.body.arrayBuffer()),
    });
    const { payload } = (await body.json()) as { payload: { picture_url: string } };
    await log('source.groupme.img', { image_url: imageUrl, code: statusCode, ...payload });
    return payload.picture_url;
  }

  async function forward(message: ConsumeMessage): Promise<void> {
    const { body, images: urls = [], parts = [body] } = JSON.parse(message.content.toString()) as Message;
    const [imageUrl] = urls;
    const pictureUrl = imageUrl === undefined ? undefined : await upload(imageUrl);
    for (const text of parts) await post(text, pictureUrl);
    channel.ack(message);
  }

  await channel.consume(env('QUEUE'), (message) => {
    if (message !== null) void forward(message);
  });
  process.stdout.write('{"msg":"ready"}\n');
}

void main();
