import { randomUUID } from 'node:crypto';
import { standardKey, twilioSmsMessage } from '@wbor/contracts';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import type { GoodMessage } from './facts.ts';
import { goodToken, idOf } from './inputs/token.ts';
import type { FuzzSystem } from './system.ts';

export interface GoodProducer {
  readonly messages: readonly GoodMessage[];
  /** Sends one message each way; resolves when each is accepted or refused. */
  sendOneEachWay(): Promise<void>;
  /** Notes which have arrived; whether all have. */
  look(): boolean;
  close(): Promise<void>;
}

/** No number that anything hostile knows. */
const SENDER = '+12075550100';

/** A producer that does everything right. */
export async function startGoodProducer(system: FuzzSystem): Promise<GoodProducer> {
  const messages: GoodMessage[] = [];
  const pending = new Set<GoodMessage>();
  const connection = await connectAmqp(system.broker.url);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  let seen = 0;

  async function send(via: GoodMessage['via'], accept: (token: string) => Promise<boolean>): Promise<void> {
    const token = goodToken(messages.length);
    const message: GoodMessage = { token, via, acceptedAtMs: null, arrivedAtMs: null };
    messages.push(message);
    pending.add(message);
    if (await accept(token).catch(() => false)) message.acceptedAtMs = Date.now();
  }

  const publish = async (key: string, body: object): Promise<boolean> => {
    const content = Buffer.from(JSON.stringify(body));
    await publishRaw(channel, system.exchange, key, content, { messageId: randomUUID() });
    return true;
  };

  return {
    messages,
    async sendOneEachWay() {
      await send('exchange', (token) =>
        publish(standardKey('good'), { body: token, source: 'good', wbor_message_id: idOf(token) }),
      );
      await send('sms', (token) =>
        publish(twilioSmsMessage.key, {
          From: SENDER,
          Body: token,
          source: 'twilio',
          wbor_message_id: idOf(token),
        }),
      );
      await send('http', async (token) => {
        const answer = await fetch(`${system.gatewayUrl}/send`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${system.routes.password}` },
          body: JSON.stringify({ source: 'good-web', body: token, wbor_message_id: idOf(token) }),
        });
        await answer.arrayBuffer();
        return answer.status === 202;
      });
    },
    look() {
      const chat = system.simulator.messages();
      const fresh = chat.slice(seen).map(({ text }) => text ?? '');
      seen = chat.length;
      for (const message of pending) {
        if (!fresh.some((text) => text.startsWith(`"${message.token}"`))) continue;
        message.arrivedAtMs = Date.now();
        pending.delete(message);
      }
      return pending.size === 0;
    },
    close: () => connection.close().catch(() => undefined),
  };
}
