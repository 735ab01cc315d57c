import { randomUUID } from 'node:crypto';
import { azuracastMessage } from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ConfirmedPublish } from '../../confirmed-publish.ts';
import { errorBodySchema, GatewayError } from '../../errors.ts';
import { MAX_BODY_BYTES } from '../../limits.ts';
import { addBodyParser } from '../../plugins/body-parser.ts';
import type { Limits } from '../../plugins/rate-limits.ts';
import { admitToken, basicPasswordOf } from '../../plugins/token-auth.ts';
import type { TokenStore } from '../../tokens/token-store.ts';
import { HOOK_ANSWERS } from './hook-answers.ts';
import { handOnAsItCame, jsonObjectSchema } from './hook-body.ts';

/** Its token must be one of this source. */
const SOURCE = 'azuracast';

/**
 * `POST /hooks/azuracast`: the state of a station, from AzuraCast's generic webhook. The only secret that AzuraCast can send
 * is a Basic password, and it waits two seconds. What changed is for the relay to find out, which knows the state before.
 */
export const azuracastHook: FastifyPluginAsyncZod<{
  tokens: TokenStore;
  limits: Limits;
  accept: ConfirmedPublish;
}> = async (app, { accept, limits, tokens }) => {
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*');
  handOnAsItCame(app);
  app.post(
    '/hooks/azuracast',
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { rateLimit: false },
      async onRequest(request: FastifyRequest, reply) {
        const token = tokens.find(basicPasswordOf(request));
        if (!token) {
          reply.header('www-authenticate', 'Basic realm="hooks"');
          throw new GatewayError(401, 'UNAUTHORIZED', 'send a token as the password of Basic authentication');
        }
        await admitToken(request, token, limits);
        if (token.source !== SOURCE) {
          throw new GatewayError(403, 'FORBIDDEN', `this takes tokens of the source ${SOURCE} alone`);
        }
      },
      schema: {
        summary:
          "For AzuraCast: the URL of a generic webhook, with a token as the Basic authentication's password",
        security: [{ basic: [] }],
        body: jsonObjectSchema.describe("AzuraCast's NowPlaying object."),
        response: {
          ...HOOK_ANSWERS,
          401: errorBodySchema.describe('Token missing or wrong.'),
          403: errorBodySchema.describe('The token is one of another source.'),
        },
      },
    },
    async (request, reply) => {
      const messageId = randomUUID();
      Object.assign(request.note, {
        source: SOURCE,
        routingKey: azuracastMessage.key,
        wborMessageId: messageId,
      });
      await accept(
        azuracastMessage,
        { station: stationOf(request.body), received_at: Date.now(), now_playing: request.body },
        { messageId },
      );
      reply.type('text/plain');
      return 'OK' as const;
    },
  );
};

/** The slug by which the relay remembers it. */
function stationOf({ station }: { station?: unknown }): string {
  const shortcode: unknown =
    typeof station === 'object' && station !== null && 'shortcode' in station ? station.shortcode : undefined;
  const slug = String(typeof shortcode === 'string' || typeof shortcode === 'number' ? shortcode : '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 64);
  return slug || SOURCE;
}
