import { randomUUID } from 'node:crypto';
import { NO_FALLBACK_HEADER, twilioSmsMessage } from '@wbor/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { ConfirmedPublish } from '../../confirmed-publish.ts';
import type { GatewaySettings } from '../../deps.ts';
import { errorBodySchema, GatewayError, notFound } from '../../errors.ts';
import { type FormFields, parseForm } from '../../form-body.ts';
import { MAX_BODY_BYTES, TWILIO_NAMESPACE } from '../../limits.ts';
import { addBodyParser } from '../../plugins/body-parser.ts';
import { isSignedByTwilio } from '../../twilio-signature.ts';
import { HOOK_ANSWERS } from './hook-answers.ts';

/** TwiML that says: no answer to the sender. */
const NO_ANSWER = '<Response/>' as const;

/**
 * `POST /hooks/twilio/sms`: an SMS, from Twilio itself. It is published as the SMS service publishes it, but that
 * nobody else will post it. The ids are made
 * from Twilio's own, so that a call that Twilio, or who overheard it, repeats is the same message.
 */
export const twilioSmsHook: FastifyPluginAsyncZod<{
  settings: Pick<GatewaySettings, 'twilioAuthToken' | 'publicUrl'>;
  accept: ConfirmedPublish;
}> = async (app, { accept, settings }) => {
  const { publicUrl, twilioAuthToken } = settings;
  app.removeAllContentTypeParsers();
  addBodyParser(app, '*', parseForm);

  async function checkOpen(request: FastifyRequest): Promise<void> {
    if (twilioAuthToken !== undefined && publicUrl !== undefined) return;
    request.note.reason = 'twilio_closed';
    throw notFound();
  }

  /** The fields are signed, so the body has to be read before. */
  async function checkSignature(request: FastifyRequest): Promise<void> {
    const call = {
      url: `${publicUrl}${request.url}`,
      fields: fieldsOf(request.body),
      signature: request.headers['x-twilio-signature'],
    };
    if (twilioAuthToken === undefined || !isSignedByTwilio(twilioAuthToken, call)) {
      throw new GatewayError(
        403,
        'FORBIDDEN',
        'the signature is missing or wrong; PUBLIC_URL must be what Twilio calls',
      );
    }
    request.caller = { name: 'twilio' };
  }

  app.post(
    '/hooks/twilio/sms',
    {
      bodyLimit: MAX_BODY_BYTES,
      config: { rateLimit: false },
      onRequest: checkOpen,
      preValidation: checkSignature,
      schema: {
        summary: 'For Twilio: the webhook of a number for incoming messages',
        response: {
          ...HOOK_ANSWERS,
          200: {
            description: 'Stored, or stored before.',
            content: { 'text/xml': { schema: z.literal(NO_ANSWER) } },
          },
          403: errorBodySchema.describe('The signature is missing or wrong.'),
          404: errorBodySchema.describe('No account is set.'),
        },
      },
    },
    async (request, reply) => {
      const fields = Object.fromEntries(fieldsOf(request.body));
      const sid = fields.MessageSid || fields.SmsMessageSid || fields.SmsSid || randomUUID();
      const wborMessageId = uuidv5(sid, TWILIO_NAMESPACE);
      Object.assign(request.note, { source: 'twilio', routingKey: twilioSmsMessage.key, wborMessageId });
      await accept(
        twilioSmsMessage,
        {
          SenderName: 'Unknown',
          ...fields,
          wbor_message_id: wborMessageId,
          source: 'twilio',
          type: 'sms.incoming',
        },
        {
          messageId: uuidv5(wborMessageId, TWILIO_NAMESPACE),
          // Twilio has its answer then, and calls no fallback.
          headers: { [NO_FALLBACK_HEADER]: true },
        },
      );
      reply.type('text/xml');
      return NO_ANSWER as typeof NO_ANSWER;
    },
  );
};

/** An empty body is none. */
function fieldsOf(body: unknown): FormFields {
  return Array.isArray(body) ? (body as FormFields) : [];
}
