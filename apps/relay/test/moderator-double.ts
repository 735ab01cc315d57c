import { setTimeout as delay } from 'node:timers/promises';
import {
  type BanList,
  type BanListState,
  banListMessage,
  banListRequest,
  banListState,
} from '@wbor/contracts';
import { connectAmqp, publishRaw } from '@wbor/testkit';

/** Plays the moderator on the exchange. */
export interface ModeratorDouble {
  /** Requests that it heard. */
  readonly requests: number;
  /** What relays told of their lists. */
  readonly states: readonly BanListState[];
  /** Changes the list without a word, as a moderator does whose word gets lost. */
  set(list: BanList): void;
  /** Changes the list and publishes it. */
  publish(list: BanList): Promise<void>;
  stop(): Promise<void>;
}

/** @param answerAfterMs how long it takes to answer a request; without it none is answered. */
export async function startModeratorDouble(
  brokerUrl: string,
  exchange: string,
  options: { answerAfterMs?: number; list?: BanList } = {},
): Promise<ModeratorDouble> {
  const connection = await connectAmqp(brokerUrl);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, banListRequest.key);
  let list = options.list ?? { version: 1, bans: [] };
  let requests = 0;
  let stopped = false;

  const publish = (): Promise<void> =>
    publishRaw(channel, exchange, banListMessage.key, Buffer.from(JSON.stringify(list)));

  async function answer(afterMs: number): Promise<void> {
    await delay(afterMs);
    if (!stopped) await publish();
  }

  await channel.consume(
    queue,
    () => {
      requests += 1;
      if (options.answerAfterMs !== undefined) void answer(options.answerAfterMs);
    },
    { noAck: true },
  );
  const told = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(told.queue, exchange, banListState.key);
  const states: BanListState[] = [];
  await channel.consume(
    told.queue,
    (message) => void (message && states.push(JSON.parse(message.content.toString()) as BanListState)),
    { noAck: true },
  );
  return {
    states,
    get requests() {
      return requests;
    },
    set(next) {
      list = next;
    },
    async publish(next) {
      list = next;
      await publish();
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      await connection.close();
    },
  };
}
