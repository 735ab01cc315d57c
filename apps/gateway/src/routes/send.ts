import { randomUUID } from 'node:crypto';
import { sendAcceptedSchema, sendRequestSchema, standardKey, standardMessage } from '@wbor/contracts';
import type { preValidationAsyncHookHandler } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import { errorBodySchema } from '../errors.ts';
import { MAX_BODY_BYTES, SEND_NAMESPACE } from '../limits.ts';

interface SendRoutesOptions {
  readonly authenticate: preValidationAsyncHookHandler;
  readonly publish: ConfirmedPublish;
}

/** `POST /send`: somebody who knows the password has a message for the chat. */
export const sendRoutes: FastifyPluginAsyncZod<SendRoutesOptions> = async (app, options) => {
  app.post(
    '/send',
    {
      bodyLimit: MAX_BODY_BYTES,
      // Its budgets are spent by the authentication and by the error handler.
      config: { rateLimit: false },
      preValidation: options.authenticate,
      schema: {
        summary: 'Post a message into the chat',
        description:
          'Answers once the broker has stored the message. Give a `wbor_message_id` of your own and repeat with it after a time-out or a 503.',
        security: [{ bearer: [] }, {}],
        body: sendRequestSchema,
        response: {
          202: sendAcceptedSchema.describe('Stored; on its way to the chat.'),
          400: errorBodySchema.describe(
            'Not JSON, not in the charset that it names (UTF-8 where it names none), or invalid; `faults` names everything that is wrong.',
          ),
          401: errorBodySchema.describe('Password missing or wrong.'),
          413: errorBodySchema.describe('Body larger than 256 KiB, packed or unpacked.'),
          415: errorBodySchema.describe('Not application/json, or packed in a way that is not known here.'),
          429: errorBodySchema.describe('Too many calls; see Retry-After.'),
          503: errorBodySchema.describe('Not stored, or not known to be; repeat after Retry-After.'),
        },
      },
    },
    async (request, reply) => {
      const { body, source, images } = request.body;
      // Version 4, not 7: the chat shows the first eight digits, which a clock would make all alike.
      const wborMessageId = request.body.wbor_message_id ?? randomUUID();
      const key = standardKey(source);
      Object.assign(request.note, { wborMessageId, source, routingKey: key });
      await options.publish(
        standardMessage,
        { body, source, wbor_message_id: wborMessageId, ...(images ? { images } : {}) },
        { key, messageId: uuidv5(wborMessageId, SEND_NAMESPACE) },
      );
      return reply.code(202).send({ status: 'queued', wbor_message_id: wborMessageId });
    },
  );
};
