import { randomUUID } from 'node:crypto';
import { endecMessage } from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ConfirmedPublish } from '../../confirmed-publish.ts';
import { errorBodySchema, GatewayError, notFound } from '../../errors.ts';
import { MAX_BODY_BYTES } from '../../limits.ts';
import { addBodyParser } from '../../plugins/body-parser.ts';
import type { Limits } from '../../plugins/rate-limits.ts';
import { admitToken } from '../../plugins/token-auth.ts';
import type { TokenStore } from '../../tokens/token-store.ts';
import { HOOK_ANSWERS } from './hook-answers.ts';
import { handOnAsItCame, jsonObjectSchema } from './hook-body.ts';

/** Its token must be one of this source. */
const SOURCE = 'endec';

/**
 * `POST /hooks/endec/:token`: an alert, from the ENDEC program's webhook. That knows no authentication and never repeats, so
 * the URL has to carry the secret.
 */
export const endecHook: FastifyPluginAsyncZod<{
  tokens: TokenStore;
  limits: Limits;
  accept: ConfirmedPublish;
}> = async (app, { accept, limits, tokens }) => {
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*');
  handOnAsItCame(app);

  /** Before the body is read, and by the same answer as an unknown path: a guess must learn nothing. */
  async function checkToken(request: FastifyRequest): Promise<void> {
    const { token: given } = request.params as { token?: string };
    const token = tokens.find(given);
    if (token?.source !== SOURCE) {
      request.note.reason = token ? 'wrong_source' : 'wrong_secret';
      throw notFound();
    }
    await admitToken(request, token, limits);
  }

  for (const url of ['/hooks/endec/:token', '/hooks/endec/:token/']) {
    app.post(
      url,
      {
        bodyLimit: MAX_BODY_BYTES,
        config: { rateLimit: false },
        onRequest: checkToken,
        schema: {
          summary: 'For the ENDEC program: the URL of its webhook',
          hide: url.endsWith('/'),
          params: z.object({ token: z.string().describe('A token of the source `endec`.') }),
          body: jsonObjectSchema.describe('`message_text` and `eas_data`.'),
          response: { ...HOOK_ANSWERS, 404: errorBodySchema.describe('Wrong token.') },
        },
      },
      async (request, reply) => {
        const alert = endecMessage.schema.safeParse(request.body).data;
        if (alert?.message_text === undefined && alert?.eas_data?.event_name === undefined) {
          throw new GatewayError(400, 'INVALID_REQUEST', 'neither message_text nor eas_data says anything');
        }
        const messageId = randomUUID();
        Object.assign(request.note, {
          source: SOURCE,
          routingKey: endecMessage.key,
          wborMessageId: messageId,
        });
        await accept(endecMessage, request.body, { messageId });
        reply.type('text/plain');
        return 'OK' as const;
      },
    );
  }
};
