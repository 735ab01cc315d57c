import { randomUUID } from 'node:crypto';
import { standardKey, twilioSmsMessage } from '@wbor/contracts';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import type { GoodMessage } from './facts.ts';
import { signatureOf } from './inputs/programs.ts';
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

/** A good message says its token and nothing else, so that a post that quotes it is not taken for it. */
export function goodTokenOf(post: string): string | undefined {
  return /^(?:"(?=gd[0-9a-z]{6}"))?(gd[0-9a-z]{6})(?:"|$)/.exec(post)?.[1];
}

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

  const { programs } = system.routes;
  const { azuracast: _, endec, script } = programs.tokens;
  const call = async (path: string, body: string, headers: Record<string, string> = {}): Promise<boolean> => {
    const answer = await fetch(`${system.gatewayUrl}${path}`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.ok;
  };

  async function sendByPrograms(): Promise<void> {
    await send('bots', (token) => call('/bots/post', JSON.stringify({ bot_id: script, text: token })));
    await send('hook', (token) => call(`/hooks/uptime-kuma?token=${script}`, JSON.stringify({ msg: token })));
    await send('endec', (token) => call(`/hooks/endec/${endec}`, JSON.stringify({ message_text: token })));
    await send('twilio', (token) => {
      const form = new URLSearchParams({ MessageSid: `SM${token}`, From: SENDER, Body: token });
      const path = '/hooks/twilio/sms';
      return call(path, form.toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signatureOf(form, path, programs),
      });
    });
  }

  return {
    messages,
    async sendOneEachWay() {
      await sendByPrograms();
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
        if (!fresh.some((text) => goodTokenOf(text) === message.token)) continue;
        message.arrivedAtMs = Date.now();
        pending.delete(message);
      }
      return pending.size === 0;
    },
    close: () => connection.close().catch(() => undefined),
  };
}
