import { createHmac } from 'node:crypto';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { DEMO_TWILIO, demoToken } from './demo-settings.ts';
import { type AmqpSend, type HttpSend, isAmqp, type SourceFixture } from './fixture.ts';
import { withFreshIds } from './fresh-ids.ts';

/** Sends fixtures as the programs do. */
export interface FixtureSender {
  /**
   * Resolves once the broker has confirmed, or the gateway has accepted, all of it.
   *
   * @throws Error when the gateway answers with anything but 2xx.
   */
  send(fixture: SourceFixture, to: FixtureTarget): Promise<void>;
  close(): Promise<void>;
}

export interface FixtureTarget {
  readonly gatewayUrl: string;
  /** RABBITMQ_EXCHANGE. */
  readonly exchange: string;
  /** Makes it a message that nobody has seen before. Default: the bytes of the fixture. */
  readonly fresh?: boolean;
}

/** Twilio's pictures are Twilio's alone. */
const TWILIO_MEDIA = /https:\/\/api\.twilio\.com\/[\w/.-]*\/Media\/\w+/g;

/** Connects, and declares the exchange of notifications, durable, as the programs do. */
export async function openFixtureSender(options: {
  readonly brokerUrl: string;
  /** NOTIFICATIONS_EXCHANGE. */
  readonly notifications: string;
  /** A picture that the relay can fetch. */
  readonly pictureUrl: string;
}): Promise<FixtureSender> {
  const { brokerUrl, notifications, pictureUrl } = options;
  const connection = await connectAmqp(brokerUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(notifications, 'topic', { durable: true });
  return {
    async send({ name, sends, source = '' }, { exchange, fresh = false, gatewayUrl }) {
      for (const send of sends) {
        const body = send.body.replaceAll(TWILIO_MEDIA, pictureUrl);
        const text = JSON.stringify({ ...send, body });
        const real = JSON.parse(fresh ? withFreshIds(text) : text) as typeof send;
        if (isAmqp(real))
          await publish(channel, real.exchange === 'notifications' ? notifications : exchange, real);
        else await call(gatewayUrl, real, { name, source });
      }
    },
    close: () => connection.close(),
  };
}

async function publish(channel: ConfirmChannel, exchange: string, send: AmqpSend): Promise<void> {
  const { replyTo, ...properties } = send.properties;
  const reply =
    replyTo === undefined ? {} : { replyTo: (await channel.assertQueue('', { exclusive: true })).queue };
  await publishRaw(channel, exchange, send.key, Buffer.from(send.body), { ...properties, ...reply });
}

async function call(
  gatewayUrl: string,
  send: HttpSend,
  { name, source }: { name: string; source: string },
): Promise<void> {
  const token = demoToken(source);
  const values = {
    '{token}': token,
    '{basic}': Buffer.from(`${source}:${token}`).toString('base64'),
    '{signature}': twilioSignature(send),
  };
  const { body, headers, path } = JSON.parse(
    Object.entries(values).reduce(
      (text, [place, value]) => text.replaceAll(place, value),
      JSON.stringify(send),
    ),
  ) as HttpSend;
  const answer = await fetch(gatewayUrl + path, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${name}: the gateway answered ${answer.status} ${await answer.text()}`);
}

/** HMAC-SHA1 of the URL and the sorted fields. */
function twilioSignature({ body, path }: HttpSend): string {
  const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha1', DEMO_TWILIO.authToken)
    .update(DEMO_TWILIO.publicUrl + path + fields.map((field) => field.join('')).join(''))
    .digest('base64');
}
