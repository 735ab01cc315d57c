import {
  type CallbackEvent,
  callbackEvent,
  echoEvent,
  type GroupMeCallback,
  groupMeCallbackSchema,
  MAX_MESSAGE_ID_LENGTH,
} from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import { type FastifyPluginAsyncZod, validatorCompiler } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { $ZodType } from 'zod/v4/core';
import { canonicalJson, withIdsAsText } from '../callback-content.ts';
import type { CallbackMemory } from '../callback-memory.ts';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import type { GatewaySettings } from '../deps.ts';
import { errorBodySchema, notFound } from '../errors.ts';
import { CALLBACK_NAMESPACE, MAX_BODY_BYTES } from '../limits.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { addBodyParser } from '../plugins/body-parser.ts';
import type { RequestNote } from '../plugins/request-log.ts';
import { createSecretCheck } from '../secret-check.ts';

interface CallbackRoutesOptions {
  readonly settings: Pick<GatewaySettings, 'callbackSecret' | 'openCallback' | 'botId'>;
  readonly memory: CallbackMemory;
  readonly accept: ConfirmedPublish;
  readonly metrics: GatewayMetrics;
}

const paramsSchema = z.object({
  secret: z.string().describe('The callback secret. GroupMe signs nothing, so this is all that it proves.'),
});

/** `POST /callback/:secret`: GroupMe tells what was said in the chat, our own bot's posts included. */
export const callbackRoutes: FastifyPluginAsyncZod<CallbackRoutesOptions> = async (app, options) => {
  const { memory, metrics } = options;
  const isSecret = createSecretCheck(options.settings.callbackSecret);
  const isOpen = options.settings.callbackSecret === undefined && options.settings.openCallback;

  // GroupMe says application/json today and documents nothing: what matters is that the body is JSON.
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*');

  // Validates and hands on what came, field order included; zod's copy has an order of its own.
  app.setValidatorCompiler<$ZodType>((route) => {
    const validate = validatorCompiler(route);
    return (data: unknown) => {
      const value = withIdsAsText(data);
      const result = validate(value);
      return typeof result === 'object' && 'error' in result && result.error
        ? { error: result.error }
        : { value };
    };
  });

  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode >= 400) metrics.rejectedCallbacks.inc({ reason: request.note.reason ?? 'unknown' });
  });

  /** Before the body is read, and by the same answer as an unknown path: a guess must learn nothing. */
  async function checkSecret(request: FastifyRequest): Promise<void> {
    const { secret } = request.params as { secret?: string };
    if (!isOpen && !isSecret(secret)) {
      request.note.reason = options.settings.callbackSecret ? 'wrong_secret' : 'callback_closed';
      throw notFound();
    }
    if (!isOpen) request.caller = { name: 'groupme' };
  }

  async function accept(callback: GroupMeCallback, note: RequestNote): Promise<'OK'> {
    const event = toCallbackEvent(callback, options.settings.botId?.reveal());
    const definition = isOfBot(callback) ? echoEvent : callbackEvent;
    const wborMessageId = event.wbor_message_id.slice(0, MAX_MESSAGE_ID_LENGTH);
    Object.assign(note, { wborMessageId, routingKey: definition.key });
    // Made from the whole content, so that a copy is known as one even by consumers, while an edit, which has the
    // id of the message that was edited, is a callback of its own; and short, so that it cannot fill the memory.
    const messageId = uuidv5(canonicalJson(callback), CALLBACK_NAMESPACE);
    const result = await memory.once(messageId, () => options.accept(definition, event, { messageId }));
    if (result === 'duplicate') {
      note.duplicate = true;
      metrics.duplicateCallbacks.inc();
    }
    return 'OK';
  }

  const route = { bodyLimit: MAX_BODY_BYTES, config: { rateLimit: false as const }, onRequest: checkSecret };
  const schema = {
    summary: 'For GroupMe: the callback URL of the bot',
    body: groupMeCallbackSchema,
    response: {
      200: {
        description: 'Stored, or stored before.',
        content: { 'text/plain': { schema: z.literal('OK') } },
      },
      400: errorBodySchema.describe('Not JSON, not in the charset that it names, or no callback.'),
      404: errorBodySchema.describe('Wrong secret.'),
      413: errorBodySchema.describe('Body larger than 256 KiB, packed or unpacked.'),
      415: errorBodySchema.describe('Packed in a way that is not known here.'),
      429: errorBodySchema.describe('Too many wrong secrets; see Retry-After.'),
      503: errorBodySchema.describe('Not stored; repeat after Retry-After.'),
    },
  };
  for (const url of ['/callback/:secret', '/callback/:secret/']) {
    // People paste the URL with a slash at its end.
    const hide = url.endsWith('/');
    const described = { ...schema, params: paramsSchema, hide };
    app.post(url, { ...route, schema: described }, async (request, reply) => {
      reply.type('text/plain');
      return accept(request.body, request.note);
    });
  }
  // Only then: while it is closed, a callback without a secret is an unknown path like any other.
  if (!isOpen) return;
  app.post('/callback', { ...route, schema: { ...schema, hide: true } }, async (request, reply) => {
    reply.type('text/plain');
    return accept(request.body, request.note);
  });
};

/** As it came, so it may be of any type. */
function isOfBot({ sender_type: type }: { readonly sender_type?: unknown }): boolean {
  return typeof type === 'string' && type.trim().toLowerCase() === 'bot';
}

/** The callback as it came, and the fields that the original added. */
function toCallbackEvent(callback: GroupMeCallback, botId: string | undefined): CallbackEvent {
  // As it came, so it may be of any type.
  const guid: unknown = callback.source_guid;
  return {
    ...callback,
    ...(botId === undefined ? {} : { bot_id: botId }),
    source: 'groupme.callback',
    code: 200,
    type: 'log',
    wbor_message_id: typeof guid === 'string' && guid !== '' ? guid : callback.id,
  };
}
