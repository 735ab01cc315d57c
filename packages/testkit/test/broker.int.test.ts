import { expect, inject, onTestFinished, test } from 'vitest';
import { connectAmqp, publishRaw, startBroker, type TestBroker } from '../src/index.ts';

const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

async function startPrivateBroker(): Promise<TestBroker> {
  const broker = await startBroker({ private: true });
  onTestFinished(() => broker.dispose());
  return broker;
}

async function put(url: string, queue: string, content: string): Promise<void> {
  const connection = await connectAmqp(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, quorum);
  await publishRaw(channel, '', queue, Buffer.from(content));
  await connection.close();
}

async function take(url: string, queue: string): Promise<string | undefined> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  const message = await channel.get(queue, { noAck: true });
  await connection.close();
  return message === false ? undefined : message.content.toString();
}

test('a broker that is stopped or killed comes back on its port with the messages it had confirmed', async () => {
  const broker = await startPrivateBroker();
  await put(broker.url, 'kept', 'before stop');
  await broker.stop();
  await expect(connectAmqp(broker.url)).rejects.toThrow(/ECONNREFUSED/);
  await broker.start();
  expect(await take(broker.url, 'kept')).toBe('before stop');

  await put(broker.url, 'kept', 'before kill');
  await broker.kill();
  await expect(connectAmqp(broker.url)).rejects.toThrow(/ECONNREFUSED/);
  await broker.start();
  expect(await take(broker.url, 'kept')).toBe('before kill');
});

test('a memory alarm blocks publishers until it is lifted', async () => {
  const broker = await startPrivateBroker();
  const connection = await connectAmqp(broker.url);
  const events: string[] = [];
  connection.on('blocked', () => events.push('blocked'));
  connection.on('unblocked', () => events.push('unblocked'));
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('held', quorum);

  await broker.setMemoryAlarm(true);
  let confirmed = false;
  const published = publishRaw(channel, '', 'held', Buffer.from('x')).then(() => {
    confirmed = true;
  });
  // The broker answers other connections meanwhile, so that it is the alarm which holds ours.
  expect(await take(broker.url, 'held')).toBeUndefined();
  expect(confirmed).toBe(false);
  await broker.setMemoryAlarm(false);
  await published;
  expect(events).toEqual(['blocked', 'unblocked']);
  await connection.close();
});

test('a new user has the permissions given and no others', async () => {
  const broker = await startPrivateBroker();
  const url = await broker.addVhost('station a/b');
  await put(url, 'letters', 'x');
  const writer = await broker.addUser({
    name: 'writer@home',
    password: 'p:/w',
    vhost: 'station a/b',
    configure: '',
    write: '.*',
    read: '',
  });
  await expect(take(writer, 'letters')).rejects.toThrow(/403/);
  expect(await take(url, 'letters')).toBe('x');
});

test('closing all connections is noticed by their owners', async () => {
  const broker = await startPrivateBroker();
  const connection = await connectAmqp(broker.url);
  const closed = new Promise((resolve) => connection.once('close', resolve));
  await broker.closeAllConnections();
  await closed;
  await (await connectAmqp(broker.url)).close();
});

test('a broker that somebody else runs is used and never stopped', async () => {
  const before = process.env.RABBITMQ_URL;
  process.env.RABBITMQ_URL = inject('brokerUrl');
  onTestFinished(() => {
    if (before === undefined) delete process.env.RABBITMQ_URL;
    else process.env.RABBITMQ_URL = before;
  });
  const broker = await startBroker();
  expect(broker).toMatchObject({ owned: false, url: inject('brokerUrl') });
  expect(broker.how).not.toContain('guest');
  await expect(broker.stop()).rejects.toMatchObject({ code: 'NOT_OWNED' });
  await expect(broker.kill()).rejects.toMatchObject({ code: 'NOT_OWNED' });
  await broker.dispose();
  await (await connectAmqp(inject('brokerUrl'))).close();
});

test('a RABBITMQ_URL that does not answer is named without its password', async () => {
  const before = process.env.RABBITMQ_URL;
  process.env.RABBITMQ_URL = 'amqp://somebody:hush@127.0.0.1:1';
  onTestFinished(() => {
    if (before === undefined) delete process.env.RABBITMQ_URL;
    else process.env.RABBITMQ_URL = before;
  });
  const refusal = await startBroker().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'NO_BROKER', message: expect.stringContaining('127.0.0.1:1') });
  expect(String(refusal)).not.toContain('hush');
});
