import { randomUUID } from 'node:crypto';
import { type BotPost, botPostSchema, MAX_BODY_LENGTH, standardKey, standardMessage } from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import { GatewayError } from '../errors.ts';
import { MAX_BODY_BYTES, SEND_NAMESPACE } from '../limits.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { addBodyParser, readJsonOrForm } from '../plugins/body-parser.ts';
import type { Limits } from '../plugins/rate-limits.ts';
import { admitToken } from '../plugins/token-auth.ts';
import type { TokenStore } from '../tokens/token-store.ts';

interface BotsPostOptions {
  readonly tokens: TokenStore;
  readonly limits: Limits;
  readonly accept: ConfirmedPublish;
  readonly metrics: GatewayMetrics;
}

/** GroupMe's form of an error. */
const envelopeSchema = z.object({
  meta: z.object({ code: z.number().int(), errors: z.array(z.string()) }),
  response: z.null(),
});

const ANSWERS = {
  202: {
    description: 'Stored; on its way to the chat.',
    content: { 'text/plain': { schema: z.literal('') } },
  },
  400: envelopeSchema.describe('Neither JSON nor a form, no text and no picture, or too long.'),
  404: envelopeSchema.describe('There is no such token.'),
  413: envelopeSchema.describe('Body larger than 256 KiB, packed or unpacked.'),
  415: envelopeSchema.describe('Packed in a way that is not known here.'),
  429: envelopeSchema.describe('Too many calls; see Retry-After.'),
  503: envelopeSchema.describe('Not stored; repeat after Retry-After.'),
};

/**
 * `POST /bots/post` and `/v3/bots/post`: GroupMe's own call, for scripts that know no other. The `bot_id` is the token of a
 * source. Such scripts never repeat a call, so each is a message of its own.
 */
export const botsPostRoutes: FastifyPluginAsyncZod<BotsPostOptions> = async (app, options) => {
  const { accept, limits, metrics, tokens } = options;
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*', readJsonOrForm);

  /** GroupMe takes the fields from the URL, too; those of the body win. */
  async function authenticate(request: FastifyRequest): Promise<void> {
    const fields = { ...fieldsOf(request.query), ...fieldsOf(request.body) };
    const token = tokens.find(fields.bot_id);
    if (!token) throw new GatewayError(404, 'NOT_FOUND', 'bot not found');
    await admitToken(request, token, limits);
    request.body = fields;
  }

  const schema = {
    summary: "GroupMe's call for bots: post a message into the chat",
    description:
      "For what can post to GroupMe: give it this server as GroupMe's address, and a token as `bot_id`. The words appear as they are, cut into several posts where they are too long for one.",
    body: botPostSchema,
    response: ANSWERS,
  };
  for (const url of ['/bots/post', '/v3/bots/post']) {
    app.post(
      url,
      {
        bodyLimit: MAX_BODY_BYTES,
        config: { rateLimit: false, answersAsGroupMe: true },
        preValidation: authenticate,
        schema: { ...schema, hide: url.startsWith('/v3') },
      },
      async (request, reply) => {
        const { dropped, images, text } = readPost(request.body);
        if (dropped > 0) metrics.droppedAttachments.inc(dropped);
        const source = request.caller?.source ?? standardMessage.family;
        // Version 4, not 7: the chat shows the first eight digits, which a clock would make all alike.
        const wborMessageId = randomUUID();
        const key = standardKey(source);
        Object.assign(request.note, { wborMessageId, source, routingKey: key });
        await accept(
          standardMessage,
          {
            body: text,
            source,
            wbor_message_id: wborMessageId,
            format: 'plain',
            ...(images.length > 0 ? { images } : {}),
          },
          { key, messageId: uuidv5(wborMessageId, SEND_NAMESPACE) },
        );
        return reply.code(202).type('text/plain').send('');
      },
    );
  }
};

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function readPost(post: BotPost): { text: string; images: string[]; dropped: number } {
  const attachments = post.attachments ?? [];
  const pictures = attachments.flatMap(({ type, url }) =>
    type === 'image' && typeof url === 'string' && url.trim() !== '' ? [url] : [],
  );
  const images = [...new Set([...(post.picture_url ? [post.picture_url] : []), ...pictures])];
  const text = post.text ?? '';
  if (text === '' && images.length === 0) throw new GatewayError(400, 'INVALID_REQUEST', 'text is required');
  if (text.length > MAX_BODY_LENGTH) {
    throw new GatewayError(400, 'INVALID_REQUEST', `text is longer than ${MAX_BODY_LENGTH} characters`);
  }
  return { text, images, dropped: attachments.length - pictures.length };
}
