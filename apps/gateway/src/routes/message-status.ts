import type { preValidationAsyncHookHandler } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorBodySchema, GatewayError, notFound } from '../errors.ts';
import { MESSAGE_STATUSES, type MessageStates } from '../outcomes/message-states.ts';

const stateSchema = z.object({
  wbor_message_id: z.string(),
  source: z.string(),
  status: z
    .enum(MESSAGE_STATUSES)
    .describe(
      '`unconfirmed`: the broker did not say whether it has it, and nothing was heard of it. `queued`: stored, no call of GroupMe was heard of. `posting`: GroupMe has some of it, or is tried again. `delivered`: it took all. `failed`, `expired`, `blocked`: it will not be in the chat, or not all of it; `failed` with the code 0: the relay gave it up for a fault of its own, and it may be. `already-sent`: its producer posted it.',
    ),
  parts: z.number().int().optional().describe('How many posts it makes, once that is known.'),
  delivered_parts: z.number().int().describe('How many of them GroupMe took.'),
  outcome: z.string().optional().describe('How the last call ended.'),
  code: z.number().int().optional().describe("The HTTP status of GroupMe's last answer; 0 when none came."),
  at: z.iso.datetime().describe('When this gateway heard it; with `expired` the deadline that has passed.'),
});

/** `GET /send/:wbor_message_id`: what became of a message, as far as this gateway has heard. */
export const messageStatusRoutes: FastifyPluginAsyncZod<{
  authenticate: preValidationAsyncHookHandler;
  states: MessageStates;
}> = async (app, { authenticate, states }) => {
  app.get(
    '/send/:wbor_message_id',
    {
      config: { rateLimit: false },
      async onRequest(request) {
        // Without an id it is an unknown path like any other.
        if ((request.params as { wbor_message_id?: string }).wbor_message_id === '') throw notFound();
      },
      preValidation: authenticate,
      schema: {
        summary: 'Ask what became of a message',
        description:
          'From what this gateway heard since it started, for a day; with a spool also from before. The audit has the whole story.',
        security: [{ bearer: [] }],
        params: z.object({ wbor_message_id: z.string() }),
        response: {
          200: stateSchema,
          401: errorBodySchema.describe('Password or token missing or wrong.'),
          404: errorBodySchema.describe('Nothing was heard of it.'),
          429: errorBodySchema.describe('Too many calls; see Retry-After.'),
        },
      },
    },
    async (request) => {
      const { wbor_message_id } = request.params;
      request.note.wborMessageId = wbor_message_id.slice(0, 128);
      const state = states.get(wbor_message_id);
      // A token is told of its own source alone.
      const mayKnow = request.caller?.source === undefined || request.caller.source === state?.source;
      if (!state || !mayKnow) {
        throw new GatewayError(
          404,
          'NOT_FOUND',
          'this gateway has heard nothing of such a message in the last day, or since it started; the audit may know more',
        );
      }
      const { at, code, delivered, outcome, parts, source, status } = state;
      return {
        wbor_message_id,
        source,
        status,
        ...(parts === undefined ? {} : { parts }),
        delivered_parts: delivered.length,
        ...(outcome === undefined ? {} : { outcome }),
        ...(code === undefined ? {} : { code }),
        at: new Date(at).toISOString(),
      };
    },
  );
};
