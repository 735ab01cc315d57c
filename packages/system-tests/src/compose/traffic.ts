import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_EXCHANGE_NAME, twilioSmsMessage } from '@wbor/contracts';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { makeText } from './judge.ts';

export interface Traffic {
  /** Numbers of the messages that were accepted, each once. */
  readonly accepted: readonly number[];
  /** Tries that were refused, or of which nobody knows. */
  readonly retries: number;
  /** Resolves once what is in hand is accepted, or a minute has passed. */
  stop(): Promise<void>;
}

const PAUSE_MS = 100;
const TRY_TIMEOUT_MS = 5_000;
const GIVE_UP_MS = 60_000;

type Send = (text: string, id: string) => Promise<void>;

/** Somebody who texts and somebody who calls `/send`, each again under the same id until it is accepted. */
export function startTraffic(to: {
  readonly gatewayUrl: string;
  readonly password: string;
  /** Of the SMS service's user. */
  readonly brokerUrl: string;
}): Traffic {
  const accepted: number[] = [];
  const state = { stopped: false, givenUpAt: Number.POSITIVE_INFINITY, next: 1, retries: 0 };

  async function produce(send: Send): Promise<void> {
    while (!state.stopped) {
      const number = state.next;
      state.next += 1;
      const id = randomUUID();
      while (!(await succeeds(send(makeText(number), id)))) {
        state.retries += 1;
        if (performance.now() > state.givenUpAt) return;
        await delay(PAUSE_MS);
      }
      accepted.push(number);
      await delay(PAUSE_MS);
    }
  }

  const sms = createSmsService(to.brokerUrl);
  const work = Promise.all([
    produce((text, id) => callSend(to, text, id)),
    produce((text, id) => sms.send(text, id)),
  ]);
  return {
    accepted,
    get retries() {
      return state.retries;
    },
    async stop() {
      state.stopped = true;
      state.givenUpAt = performance.now() + GIVE_UP_MS;
      await work;
      await sms.close();
    },
  };
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  const late = delay(TRY_TIMEOUT_MS, false, { ref: false });
  return Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    late,
  ]);
}

async function callSend(to: { gatewayUrl: string; password: string }, text: string, id: string) {
  const answer = await fetch(`${to.gatewayUrl}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${to.password}` },
    body: JSON.stringify({ source: 'ups', body: text, wbor_message_id: id }),
    signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
  });
  await answer.arrayBuffer();
  if (answer.status !== 202) throw new Error(`/send answers ${answer.status}`);
}

function createSmsService(url: string): { send: Send; close(): Promise<void> } {
  let open: { connection: ChannelModel; channel: ConfirmChannel } | undefined;

  async function openChannel(): Promise<ConfirmChannel> {
    if (open !== undefined) return open.channel;
    const connection = await connectAmqp(url);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    channel.on('close', () => {
      open = undefined;
    });
    open = { connection, channel };
    return channel;
  }

  return {
    async send(text, id) {
      const body = { From: '+12075550188', Body: text, source: 'twilio', wbor_message_id: id };
      const content = Buffer.from(JSON.stringify(body));
      await publishRaw(await openChannel(), DEFAULT_EXCHANGE_NAME, twilioSmsMessage.key, content, {
        messageId: id,
      });
    },
    close: async () => open?.connection.close().catch(() => undefined),
  };
}
