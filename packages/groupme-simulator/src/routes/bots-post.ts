import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Callbacks } from '../callbacks.ts';
import type { Chat } from '../chat.ts';
import { isPictureUrl } from '../pictures.ts';
import { type Attachment, attachmentSchema } from '../types.ts';
import { type Answer, envelope, type Serve } from './serve.ts';

/** GroupMe counts "characters" and does not say which; UTF-16 units are the strictest reading in use. */
const MAX_TEXT_LENGTH = 1000;

const postSchema = z.looseObject({
  bot_id: z.string(),
  text: z.string().nullish(),
  picture_url: z.string().nullish(),
  attachments: z.array(attachmentSchema).nullish(),
});

/** `POST /v3/bots/post`: 202 with an empty body, as the real service answers. */
export function registerBotsPost(
  app: FastifyInstance,
  { chat, callbacks, serve }: { chat: Chat; callbacks: Callbacks; serve: Serve },
): void {
  const accept = (request: FastifyRequest): Answer => {
    const fields = readFields(request);
    if (fields === undefined) return envelope(400, 'malformed JSON');
    const parsed = postSchema.safeParse(fields);
    if (!parsed.success) return envelope(400, 'malformed request');
    const { bot_id: botId, text, picture_url: pictureUrl, attachments } = parsed.data;
    const bot = chat.bots.find((candidate) => candidate.botId === botId);
    if (bot === undefined) return envelope(404, 'bot not found');
    const all = [...(pictureUrl ? [{ type: 'image', url: pictureUrl }] : []), ...(attachments ?? [])];
    if (!text?.trim() && all.length === 0) return envelope(400, 'text is required');
    if ((text ?? '').length > MAX_TEXT_LENGTH) {
      return envelope(400, `text is longer than ${MAX_TEXT_LENGTH} characters`);
    }
    const refusal = whyNotShown(all);
    if (refusal !== undefined) return envelope(400, refusal);
    const message = chat.addFromBot(bot, text ?? undefined, all);
    callbacks.notify(message, chat.bots);
    return { status: 202, messageId: message.id };
  };

  app.post('/v3/bots/post', (request, reply) => serve('bots/post', request, reply, () => accept(request)));
}

/**
 * Since 2022 GroupMe shows pictures of its own image service only, and its tutorial forbids several in one post.
 * What it answers to either is not known; a client must not rely on them.
 */
function whyNotShown(attachments: readonly Attachment[]): string | undefined {
  const images = attachments.filter(({ type }) => type === 'image');
  if (images.length > 1) return 'more than one image';
  if (!images.every(({ url }) => typeof url === 'string' && isPictureUrl(url))) {
    return 'image url must be of the image service';
  }
  return undefined;
}

/** Query parameters and a JSON body are both allowed; the body wins. Undefined for a broken body. */
function readFields(request: FastifyRequest): object | undefined {
  // Fastify's query has no prototype, so `instanceof` would not know it.
  const query = typeof request.query === 'object' && request.query !== null ? request.query : {};
  if (!Buffer.isBuffer(request.body) || request.body.length === 0) return query;
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'));
    return body instanceof Object ? { ...query, ...body } : undefined;
  } catch {
    return undefined;
  }
}
