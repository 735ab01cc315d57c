import { errorMessage } from '@wbor/async';
import type { DeclaredQueue } from '@wbor/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import type { BrokerAddress } from './address.ts';
import { brokerText, connectOnce } from './preflight.ts';

/** What the broker answers to something that is only tried; `detail` is in its own words. */
export type Answer =
  | { readonly is: 'ok' }
  | { readonly is: 'missing' | 'different' | 'refused' | 'blocked'; readonly detail: string };

/** A look at a broker from outside, which changes nothing there: no queue is declared, no message moved. */
export interface BrokerInspection {
  /** `RabbitMQ 4.0.2`, as the broker says. */
  readonly product: string;
  readonly version: string;
  /** Messages that are ready, and how many read the queue; undefined when it is not there. */
  lookAtQueue(name: string): Promise<{ messages: number; consumers: number } | undefined>;
  /** Whether the exchange is there. */
  lookAtExchange(name: string): Promise<Answer>;
  /** Whether an exchange that is there is a durable topic exchange, as a service declares it. */
  compareExchange(name: string): Promise<Answer>;
  /** Whether a queue that is there has these arguments. `refused`: the user may not declare it. */
  compareQueue(queue: DeclaredQueue): Promise<Answer>;
  /** Whether the user may publish under this key. `blocked`: nobody may, since the broker is short of memory or disk. */
  tryToWrite(exchange: string, key: string): Promise<Answer>;
  /** Whether the user may read a queue that is there and has a single active consumer. */
  tryToRead(queue: string): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Connects once.
 *
 * @throws BrokerConfigurationError on a wrong password or virtual host; what the network says when there is no broker.
 */
export async function inspectBroker(address: BrokerAddress): Promise<BrokerInspection> {
  const model = await connectOnce(address, 'doctor');
  /** Of its own: under an alarm the broker reads nothing more from a connection that publishes. */
  let writing: Promise<{ model: ChannelModel; blocked: Promise<string> }> | undefined;

  async function openWriting() {
    const opened = await connectOnce(address, 'doctor publish');
    const blocked = new Promise<string>((resolve) => opened.once('blocked', resolve));
    return { model: opened, blocked };
  }

  // amqplib has it, its types do not.
  const { serverProperties } = model.connection as unknown as {
    serverProperties: { product?: unknown; version?: unknown };
  };

  /** On a channel of its own, since the broker closes it with its answer when that is no. */
  async function ask(work: (channel: Channel) => Promise<unknown>, on = model): Promise<Answer> {
    const channel = await on.createChannel();
    // What has no answer of its own, such as a publish, is refused by an event.
    const failed = new Promise<never>((_resolve, reject) => channel.once('error', reject));
    failed.catch(() => {});
    try {
      await Promise.race([work(channel), failed]);
      await channel.close().catch(() => {});
      return { is: 'ok' };
    } catch (error) {
      return toAnswer(error);
    }
  }

  return {
    product: String(serverProperties.product ?? 'unknown'),
    version: String(serverProperties.version ?? ''),
    async lookAtQueue(name) {
      let found: { messages: number; consumers: number } | undefined;
      const answer = await ask(async (channel) => {
        const { consumerCount, messageCount } = await channel.checkQueue(name);
        found = { messages: messageCount, consumers: consumerCount };
      });
      if (answer.is !== 'ok' && answer.is !== 'missing') throw new Error(answer.detail);
      return found;
    },
    lookAtExchange: (name) => ask((channel) => channel.checkExchange(name)),
    async compareExchange(name) {
      const answer = await ask((channel) => channel.checkExchange(name));
      if (answer.is !== 'ok') return answer;
      return ask((channel) => channel.assertExchange(name, 'topic', { durable: true }));
    },
    async compareQueue({ arguments: wanted, name }) {
      const answer = await ask((channel) => channel.checkQueue(name));
      if (answer.is !== 'ok') return answer;
      return ask((channel) => channel.assertQueue(name, { durable: true, arguments: wanted }));
    },
    async tryToWrite(exchange, key) {
      writing ??= openWriting();
      const { blocked, model: publishing } = await writing;
      const refused = ask(async (channel) => {
        // The broker looks at the rights first, and then refuses a message with such an expiration: nothing is published.
        channel.publish(exchange, key, Buffer.alloc(0), { expiration: 'none' });
        await new Promise(() => {});
      }, publishing);
      const answer = await Promise.race([
        refused,
        blocked.then((detail): Answer => ({ is: 'blocked', detail })),
      ]);
      return answer.is === 'different' ? { is: 'ok' } : answer;
    },
    async tryToRead(queue) {
      // The broker looks at the rights first, and then refuses a get from a queue of this kind.
      const answer = await ask((channel) => channel.get(queue, { noAck: false }));
      return answer.is === 'different' ? { is: 'ok' } : answer;
    },
    async close() {
      await closeModel(model);
      const opened = await writing?.catch(() => undefined);
      if (opened) await closeModel(opened.model);
    },
  };
}

function toAnswer(error: unknown): Answer {
  const message = errorMessage(error);
  const detail = brokerText(message);
  if (/NOT[_-]FOUND/.test(message)) return { is: 'missing', detail };
  if (/ACCESS[_-]REFUSED/.test(message)) return { is: 'refused', detail };
  if (/PRECONDITION[_-]FAILED|RESOURCE[_-]LOCKED|NOT[_-]IMPLEMENTED/.test(message)) {
    return { is: 'different', detail };
  }
  throw error;
}

async function closeModel(model: ChannelModel): Promise<void> {
  await model.close().catch(() => {});
}
