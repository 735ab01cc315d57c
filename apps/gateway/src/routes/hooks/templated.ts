import { randomUUID } from 'node:crypto';
import { standardKey, standardMessage } from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { ConfirmedPublish } from '../../confirmed-publish.ts';
import { errorBodySchema, GatewayError, notFound } from '../../errors.ts';
import { IDEMPOTENCY_NAMESPACE, MAX_BODY_BYTES, SEND_NAMESPACE } from '../../limits.ts';
import { addBodyParser, readAnything } from '../../plugins/body-parser.ts';
import type { Limits } from '../../plugins/rate-limits.ts';
import { admitToken, basicPasswordOf, bearerOf, queryTokenOf } from '../../plugins/token-auth.ts';
import type { HookTemplate, HookTemplates } from '../../templates/hook-templates.ts';
import type { TokenStore } from '../../tokens/token-store.ts';
import { HOOK_ANSWERS } from './hook-answers.ts';

/** They hold secrets, which belong into no message. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/** `POST /hooks/:name`: whatever can call a URL. A template from HOOKS_FILE makes the words; the token says the source. */
export const templatedHooks: FastifyPluginAsyncZod<{
  hooks: HookTemplates;
  tokens: TokenStore;
  limits: Limits;
  accept: ConfirmedPublish;
}> = async (app, { accept, hooks, limits, tokens }) => {
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*', readAnything);

  app.post(
    '/hooks/:name',
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { rateLimit: false },
      async onRequest(request: FastifyRequest) {
        const { name = '' } = request.params as { name?: string };
        if (!hooks.has(name)) throw notFound();
        const given = bearerOf(request) ?? basicPasswordOf(request) ?? queryTokenOf(request);
        const token = tokens.find(given);
        if (!token) {
          throw new GatewayError(
            401,
            'UNAUTHORIZED',
            'the token is missing or wrong; send it as Authorization: Bearer, as the password of Basic, or as ?token=',
          );
        }
        await admitToken(request, token, limits);
      },
      schema: {
        summary: 'For any other program: a template of the gateway makes the words',
        description:
          'The body is JSON, a form or a text. The message has the source of the token. Nothing is posted where the template makes no words.',
        security: [{ bearer: [] }, { basic: [] }, { query: [] }],
        params: z.object({ name: z.string().describe('A name in HOOKS_FILE.') }),
        response: {
          ...HOOK_ANSWERS,
          401: errorBodySchema.describe('Token missing or wrong.'),
          404: errorBodySchema.describe('There is no such template.'),
          422: errorBodySchema.describe('The template failed on this body.'),
        },
      },
    },
    async (request, reply) => {
      const source = request.caller?.source ?? '';
      const { id, text } = render(hooks.get(request.params.name), request);
      if (text === '') {
        request.note.reason = 'nothing_to_say';
        reply.type('text/plain');
        return 'OK' as const;
      }
      const wborMessageId =
        id === undefined ? randomUUID() : uuidv5(JSON.stringify([source, id]), IDEMPOTENCY_NAMESPACE);
      const key = standardKey(source);
      Object.assign(request.note, { wborMessageId, source, routingKey: key });
      await accept(
        standardMessage,
        { body: text, source, wbor_message_id: wborMessageId },
        { key, messageId: uuidv5(wborMessageId, SEND_NAMESPACE) },
      );
      reply.type('text/plain');
      return 'OK' as const;
    },
  );
};

function render(template: HookTemplate | undefined, { body, headers }: FastifyRequest) {
  const shown = Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name));
  try {
    if (!template) throw notFound();
    return template.render({ body, headers: Object.fromEntries(shown) });
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    // Liquid's own message quotes the template, and may quote what it was given.
    throw new GatewayError(422, 'TEMPLATE_FAILED', 'the template failed on this body');
  }
}
