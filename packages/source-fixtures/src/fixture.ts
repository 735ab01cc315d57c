import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const headers = z.record(z.string(), z.string());

/** A message as the program publishes it. */
const amqpSendSchema = z.strictObject({
  /** `notifications` stands for what NOTIFICATIONS_EXCHANGE names, `source_exchange` for RABBITMQ_EXCHANGE. */
  exchange: z.enum(['notifications', 'source_exchange']),
  key: z.string(),
  /** As amqplib names them. A `replyTo` stands for a queue of the sender's own. */
  properties: z.strictObject({
    deliveryMode: z.literal(2).exactOptional(),
    contentType: z.string().exactOptional(),
    correlationId: z.string().exactOptional(),
    replyTo: z.string().exactOptional(),
    headers: z.record(z.string(), z.unknown()).exactOptional(),
  }),
  /** The bytes, UTF-8. */
  body: z.string(),
});
export type AmqpSend = z.infer<typeof amqpSendSchema>;

/**
 * A POST as the program makes it. In path, headers and body `{token}` stands for a token of `source`, `{basic}` for the
 * credentials of Basic authentication with it, `{signature}` for Twilio's.
 */
const httpSendSchema = z.strictObject({
  path: z.string().startsWith('/'),
  headers,
  /** The bytes, UTF-8. */
  body: z.string(),
});
export type HttpSend = z.infer<typeof httpSendSchema>;

const fixtureSchema = z.strictObject({
  program: z.string(),
  /** Its page, `docs/sources/PAGE.md`. */
  page: z.string(),
  /** In words. */
  what: z.string(),
  /** Whose token it shows. */
  source: z.string().optional(),
  /** One after another. */
  sends: z.array(z.union([amqpSendSchema, httpSendSchema])).min(1),
  /** The texts of the posts; see `chatPattern`. None: nothing is said. */
  chat: z.array(z.string()),
  /** How many pictures are among the posts. */
  pictures: z.number().int().positive().optional(),
});

/** What a program sends, and what the chat shows of it. */
export interface SourceFixture extends z.infer<typeof fixtureSchema> {
  /** The name of its file. */
  readonly name: string;
}

const FOLDER = new URL('../fixtures/', import.meta.url);

/** All of them, in the order of their names, in which they can be sent: a station goes offline before it comes back. */
export function readFixtures(): SourceFixture[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      ...fixtureSchema.parse(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))),
    }));
}

export function isAmqp(send: AmqpSend | HttpSend): send is AmqpSend {
  return 'exchange' in send;
}
