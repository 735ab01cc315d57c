import { connectAmqp } from '@wbor/testkit';
import type { ChannelModel } from 'amqplib';

const EXCHANGE = 'source_exchange';
const QUEUES = { twilio: 'source.twilio.#', standard: 'source.standard.#' };

/** Stands in for the Python service: its exchange, keys and look, and one message at a time. */
export interface OldService {
  start(): Promise<void>;
  /** Ends it at its worst moment: it has posted a message, and has not said so to the broker. @returns the id of that one. */
  stopAfterPosting(): Promise<string>;
  stop(): Promise<void>;
}

interface OldMessage {
  readonly body?: string;
  readonly Body?: string;
  readonly wbor_message_id: string;
}

export function createOldService(brokerUrl: string, post: (text: string) => Promise<void>): OldService {
  let connection: ChannelModel | undefined;
  let last: PromiseWithResolvers<string> | undefined;
  let isDead = false;

  /** @returns whether it lives to acknowledge it. */
  async function work(content: Buffer): Promise<boolean> {
    if (isDead) return false;
    const { Body, body = Body, wbor_message_id: id } = JSON.parse(content.toString()) as OldMessage;
    isDead = last !== undefined;
    await post(`"${body}"\n---UID---\n${id.split('-')[0]}\n---------`);
    if (isDead) last?.resolve(id);
    return !isDead;
  }

  return {
    async start() {
      last = undefined;
      isDead = false;
      connection = await connectAmqp(brokerUrl);
      for (const [queue, pattern] of Object.entries(QUEUES)) {
        const channel = await connection.createChannel();
        await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
        await channel.assertQueue(queue, { durable: true });
        await channel.bindQueue(queue, EXCHANGE, pattern);
        let working = Promise.resolve();
        // No limit: as the original, it has all of the queue in hand.
        await channel.consume(queue, (message) => {
          if (message === null) return;
          working = working.then(async () => {
            if (await work(message.content)) channel.ack(message);
          });
        });
      }
    },
    async stopAfterPosting() {
      last = Promise.withResolvers<string>();
      const id = await last.promise;
      await connection?.close();
      return id;
    },
    async stop() {
      await connection?.close().catch(() => {});
    },
  };
}
