import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { standardKey, twilioSmsMessage } from '@wbor/contracts';
import { PASSWORD } from '@wbor/start-system';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { SentMessage } from './facts.ts';
import { makeBody, makePicturePath, type Numbering } from './messages.ts';
import { createRandom, type Random } from './random.ts';
import { type ChaosSystem, URGENT_SOURCE } from './system.ts';

export interface Producers {
  readonly messages: readonly SentMessage[];
  /** Sends nothing new; resolves when what is in hand is accepted, or given up after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

interface Source {
  readonly name: string;
  readonly over: 'exchange' | 'http';
  readonly urgent: boolean;
  readonly pictures: boolean;
}

const SOURCES: readonly Source[] = [
  // SMS come with a picture too, but the notice for one that is missing has more than one part.
  { name: 'twilio', over: 'exchange', urgent: false, pictures: false },
  { name: 'ups', over: 'exchange', urgent: false, pictures: true },
  { name: 'azuracast', over: 'exchange', urgent: false, pictures: true },
  { name: 'endec', over: 'exchange', urgent: true, pictures: false },
  { name: 'web', over: 'http', urgent: false, pictures: true },
  { name: URGENT_SOURCE, over: 'http', urgent: true, pictures: false },
];

/** Not the number of the contracts' examples, which a hostile sender may put on a ban list. */
const SENDER = '+12075550188';

const PAUSE_MS = { least: 500, most: 3_500 };
const MEMBER_PAUSE_MS = 2_500;
const RETRY_PAUSE_MS = 300;
const TRY_TIMEOUT_MS = 10_000;

/** Starts one producer a source, and a member who talks in the chat. */
export function startProducers(system: ChaosSystem, seed: number, nextNumber: Numbering): Producers {
  const messages: SentMessage[] = [];
  const noMore = new AbortController();
  const giveUp = new AbortController();

  async function produce(source: Source, random: Random): Promise<void> {
    const send = source.over === 'http' ? createHttpSender(system) : createAmqpSender(system);
    while (!noMore.signal.aborted) {
      const message: SentMessage = {
        ...nextNumber(),
        source: source.name,
        urgent: source.urgent,
        words: random.chance(0.3) ? random.integer(12, 40) : random.integer(2, 6),
        hasPicture: source.pictures && random.chance(0.2),
        acceptedAtMs: null,
      };
      messages.push(message);
      const pictureUrl = message.hasPicture
        ? system.picturesUrl + makePicturePath(message.number)
        : undefined;
      await untilAccepted(message, () => send.send(message, pictureUrl));
      await pause(random.integer(PAUSE_MS.least, PAUSE_MS.most), noMore.signal);
    }
    await send.close();
  }

  async function untilAccepted(message: SentMessage, attempt: () => Promise<boolean>): Promise<void> {
    while (!giveUp.signal.aborted) {
      if (await attempt()) {
        message.acceptedAtMs = Date.now();
        return;
      }
      await pause(RETRY_PAUSE_MS, giveUp.signal);
    }
  }

  async function talk(): Promise<void> {
    for (let number = 1; !noMore.signal.aborted; number += 1) {
      await system.simulator.postAsMember({ name: 'Kim', text: `A member says ${number}` });
      await pause(MEMBER_PAUSE_MS, noMore.signal);
    }
  }

  const work = Promise.all([
    talk(),
    ...SOURCES.map((source, index) => produce(source, createRandom(seed * 100 + index))),
  ]);
  // Awaited in stop(); a failure before that must not end the process.
  work.catch(() => undefined);
  return {
    messages,
    async stop(timeoutMs) {
      noMore.abort();
      const timer = setTimeout(() => giveUp.abort(), timeoutMs);
      await work;
      clearTimeout(timer);
    },
  };
}

interface Sender {
  /** One try. False when it was refused, or nobody knows; to be repeated under the same id. */
  send(message: SentMessage, pictureUrl: string | undefined): Promise<boolean>;
  close(): Promise<void>;
}

/** A producer on the exchange, with a connection of its own, that waits for each confirm. */
function createAmqpSender({ brokerUrls, namespace }: ChaosSystem): Sender {
  let tries = 0;
  let open: { connection: ChannelModel; channel: ConfirmChannel } | undefined;
  const amqpIds = new Map<string, string>();

  async function connect(): Promise<ConfirmChannel> {
    if (open !== undefined) return open.channel;
    const url = brokerUrls[tries % brokerUrls.length] ?? '';
    tries += 1;
    const connection = await connectAmqp(url);
    connection.on('close', () => {
      if (open?.connection === connection) open = undefined;
    });
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    open = { connection, channel };
    return channel;
  }

  async function close(): Promise<void> {
    const connection = open?.connection;
    open = undefined;
    await connection?.close().catch(() => undefined);
  }

  return {
    close,
    async send(message, pictureUrl) {
      let channel: ConfirmChannel;
      try {
        channel = await withTimeout(connect());
      } catch {
        return false;
      }
      const messageId = amqpIds.get(message.id) ?? randomUUID();
      amqpIds.set(message.id, messageId);
      const { key, body } = toAmqp(message, pictureUrl);
      const content = Buffer.from(JSON.stringify(body));
      try {
        await withTimeout(
          publishRaw(channel, namespace.exchange, key, content, {
            messageId,
            ...(message.urgent ? { priority: 8 } : {}),
          }),
        );
        amqpIds.delete(message.id);
        return true;
      } catch {
        await close();
        return false;
      }
    },
  };
}

function toAmqp(message: SentMessage, pictureUrl: string | undefined): { key: string; body: object } {
  const text = makeBody(message.number, message.words);
  if (message.source === 'twilio') {
    return {
      key: twilioSmsMessage.key,
      body: { From: SENDER, Body: text, source: 'twilio', wbor_message_id: message.id },
    };
  }
  return {
    key: standardKey(message.source),
    body: {
      body: text,
      source: message.source,
      wbor_message_id: message.id,
      ...(pictureUrl === undefined ? {} : { images: [pictureUrl] }),
    },
  };
}

/** Somebody who calls `/send`, and again with the same id until it is 202. */
function createHttpSender({ gatewayUrl }: ChaosSystem): Sender {
  return {
    close: async () => undefined,
    async send(message, pictureUrl) {
      try {
        const answer = await fetch(`${gatewayUrl}/send`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${PASSWORD}` },
          body: JSON.stringify({
            source: message.source,
            body: makeBody(message.number, message.words),
            wbor_message_id: message.id,
            ...(pictureUrl === undefined ? {} : { images: [pictureUrl] }),
          }),
          signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
        });
        await answer.arrayBuffer();
        return answer.status === 202;
      } catch {
        return false;
      }
    },
  };
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(TRY_TIMEOUT_MS, undefined, { signal: timeout.signal }).then(() => {
        throw new Error('no answer in time');
      }),
    ]);
  } finally {
    timeout.abort();
    // What comes too late is nobody's business any more.
    work.catch(() => undefined);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
