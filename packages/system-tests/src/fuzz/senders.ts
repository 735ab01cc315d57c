import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAmqp, publishFrames } from '@wbor/testkit';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { AmqpInput, ChatInput, HttpInput, Input } from './inputs/types.ts';
import type { FuzzSystem } from './system.ts';

/** What whoever sent it was told. */
export type Answer =
  | { readonly of: 'broker'; readonly accepted: boolean }
  /** `status` is 0 when no answer came. */
  | { readonly of: 'gateway'; readonly status: number; readonly stored: boolean }
  | { readonly of: 'chat'; readonly messageId: string };

export interface Senders {
  send(input: Input): Promise<Answer>;
  close(): Promise<void>;
}

/** Where hostile senders reach the system. */
export type Reachable = Pick<FuzzSystem, 'broker' | 'exchange' | 'gatewayUrl' | 'simulator'>;

const ANSWER_TIMEOUT_MS = 30_000;

/** Senders of every kind. AMQP messages go one after another, so that it is known which one the broker refused. */
export function createSenders(system: Reachable): Senders {
  let open: { connection: ChannelModel; channel: ConfirmChannel } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function openChannel(): Promise<ConfirmChannel> {
    if (open !== undefined) return open.channel;
    const connection = await connectAmqp(system.broker.url);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    channel.on('close', () => {
      if (open?.channel === channel) open = undefined;
      connection.close().catch(() => undefined);
    });
    open = { connection, channel };
    return channel;
  }

  async function publish(input: AmqpInput): Promise<Answer> {
    const channel = await openChannel();
    const exchange = input.exchange === 'source' ? system.exchange : '';
    const accepted = await withTimeout(
      publishFrames(channel, exchange, input.key, input.content, input.properties),
    ).then(
      () => true,
      () => false,
    );
    if (!accepted && open?.channel === channel) await channel.close().catch(() => undefined);
    return { of: 'broker', accepted };
  }

  async function request({ isSaid, request: bytes }: HttpInput): Promise<Answer> {
    const text = await exchangeBytes(system.gatewayUrl, bytes).catch(() => '');
    const final = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)]
      .map(([, status]) => Number(status))
      .find((status) => status >= 200);
    const line = bytes.subarray(0, bytes.indexOf('\r\n')).toString('latin1');
    // The words are all that programs' calls carry. Where a change took the token out of them nobody can tell what became of it.
    const isOfProgram = /\/(?:bots|hooks)\//.test(line);
    const stored =
      (isOfProgram ? isSaid && (final === 200 || final === 202) : final === 202) ||
      (final === 200 && /\r\n\r\nOK$/.test(text) && line.startsWith('POST /callback'));
    return { of: 'gateway', status: final ?? 0, stored };
  }

  async function say({ name, text, attachments }: ChatInput): Promise<Answer> {
    const { id } = await system.simulator.postAsMember({ name, text, attachments });
    return { of: 'chat', messageId: id };
  }

  return {
    send(input) {
      if (input.kind === 'http') return request(input);
      if (input.kind === 'chat') return say(input);
      const sending = last.then(() => publish(input));
      last = sending.catch(() => undefined);
      return sending;
    },
    async close() {
      const connection = open?.connection;
      open = undefined;
      await connection?.close().catch(() => undefined);
    },
  };
}

/** Writes a request as it is, and reads until the other side has had enough. */
function exchangeBytes(gatewayUrl: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(gatewayUrl);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const end = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, end);
    // It may answer and hang up while we are still writing: what it said counts.
    socket.on('error', end);
    socket.on('close', end);
    socket.setEncoding('latin1').on('data', (more: string) => {
      // The reference page is five megabytes.
      if (text.length < 100_000) text += more;
    });
    // Not ended: a server may take that for somebody who has gone away.
    socket.write(bytes);
  });
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(ANSWER_TIMEOUT_MS, undefined, { signal: timeout.signal }).then(() => {
        throw new Error('no answer in time');
      }),
    ]);
  } finally {
    timeout.abort();
    work.catch(() => undefined);
  }
}
