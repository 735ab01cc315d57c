import { randomUUID } from 'node:crypto';
import {
  ALREADY_SENT_HEADER,
  alreadySentMessage,
  DELIVER_BY_HEADER,
  INTERIM_REPLY_HEADER,
  type SendRequest,
  sendAcceptedSchema,
  sendDeliveredSchema,
  sendRequestSchema,
  standardKey,
  standardMessage,
} from '@wbor/contracts';
import type { preValidationAsyncHookHandler } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v5 as uuidv5 } from 'uuid';
import { canonicalJson } from '../callback-content.ts';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import { errorBodySchema, GatewayError } from '../errors.ts';
import { IDEMPOTENCY_NAMESPACE, MAX_BODY_BYTES, SEND_NAMESPACE } from '../limits.ts';
import type { MessageStates } from '../outcomes/message-states.ts';
import type { RelayReplies, WaitOutcome } from '../outcomes/relay-replies.ts';
import { readSendHeaders, type SendHeaders } from '../send-headers.ts';

interface SendRoutesOptions {
  readonly authenticate: preValidationAsyncHookHandler;
  readonly publish: ConfirmedPublish;
  /** The same, and where it is configured by way of the spool. */
  readonly accept: ConfirmedPublish;
  readonly replies: RelayReplies;
  readonly states: MessageStates;
}

const DESCRIPTION = [
  'Answers once the broker has stored the message. Give a `wbor_message_id` of your own, or the header `Idempotency-Key`, and repeat with it after a time-out or a 503: the same content under the same one is posted once.',
  '`Prefer: wait=N` (25 at most): waits N seconds for the relay; 200 is `delivered`, 502 is `failed`, 202 says how far it is.',
  '`X-Deliver-By` (epoch milliseconds): from then on you post by yourself. With `Prefer: wait` 504 with the code `NOT_POSTED` says that the relay has not, and will not; with `NOT_KNOWN` nothing was heard of it, so most likely neither, and `GET /send/ID` may tell later; 202 with `posting` that it has begun, so that you must not, unless `GET /send/ID` says `expired` later.',
  '`urgent: true`: it overtakes all that is not urgent. With the password, or a token that was made with `--urgent`; with another one it is posted like any other.',
  '`alreadysent: true`: you have posted it by yourself. It is only logged, with `statuscode`; give each call of GroupMe an `Idempotency-Key` of its own.',
].join('\n\n');

/** `POST /send`: somebody who knows the password has a message for the chat. */
export const sendRoutes: FastifyPluginAsyncZod<SendRoutesOptions> = async (app, options) => {
  const { accept, publish, replies, states } = options;

  /**
   * A log of what its producer posted. Each content is one log, however often it comes; with keys, each key: two calls of
   * GroupMe for one text may have had one answer.
   */
  async function log(request: SendRequest, wborMessageId: string, key: string | undefined): Promise<void> {
    const { alreadysent: _, ...fields } = request;
    const body = { ...fields, wbor_message_id: wborMessageId };
    await accept(alreadySentMessage, body, {
      key: standardKey(request.source),
      messageId: uuidv5(
        canonicalJson(['already-sent', body, ...(key === undefined ? [] : [key])]),
        SEND_NAMESPACE,
      ),
      headers: { [ALREADY_SENT_HEADER]: true },
    });
  }

  async function post(request: SendRequest, id: string, headers: SendHeaders): Promise<WaitOutcome> {
    const { body, images, source, urgent } = request;
    const { deliverBy, waitSeconds } = headers;
    const until = Date.now() + waitSeconds * 1_000;
    const expected = waitSeconds > 0 ? replies.expect() : undefined;
    const replyTo = expected?.replyTo;
    // Who posts by itself after a deadline must not be told that it waits in a spool.
    const take = deliverBy === undefined ? accept : publish;
    try {
      await take(
        standardMessage,
        { body, source, wbor_message_id: id, ...(images ? { images } : {}), ...(urgent ? { urgent } : {}) },
        {
          key: standardKey(source),
          messageId: uuidv5(id, SEND_NAMESPACE),
          headers: {
            ...(deliverBy === undefined ? {} : { [DELIVER_BY_HEADER]: deliverBy }),
            ...(deliverBy === undefined || replyTo === undefined ? {} : { [INTERIM_REPLY_HEADER]: true }),
          },
          ...(expected?.replyTo === undefined
            ? {}
            : { replyTo: expected.replyTo, correlationId: expected.correlationId }),
        },
      );
      states.accepted(id, source);
      return (await expected?.wait(until, deliverBy)) ?? { status: 'queued' };
    } finally {
      expected?.forget();
    }
  }

  app.post(
    '/send',
    {
      bodyLimit: MAX_BODY_BYTES,
      // Its budgets are spent by the authentication and by the error handler.
      config: { rateLimit: false },
      preValidation: options.authenticate,
      schema: {
        summary: 'Post a message into the chat',
        description: DESCRIPTION,
        security: [{ bearer: [] }, {}],
        body: sendRequestSchema,
        response: {
          200: sendDeliveredSchema.describe('With `Prefer: wait`: it is in the chat.'),
          202: sendAcceptedSchema.describe('Stored; on its way to the chat.'),
          400: errorBodySchema.describe(
            'Not JSON, not in the charset that it names (UTF-8 where it names none), or invalid; `faults` names everything that is wrong.',
          ),
          401: errorBodySchema.describe('Password or token missing or wrong.'),
          403: errorBodySchema.describe('The token is one of another source.'),
          413: errorBodySchema.describe('Body larger than 256 KiB, packed or unpacked.'),
          415: errorBodySchema.describe('Not application/json, or packed in a way that is not known here.'),
          429: errorBodySchema.describe('Too many calls; see Retry-After.'),
          502: errorBodySchema.describe('With `Prefer: wait`: it will not be in the chat, or not all of it.'),
          503: errorBodySchema.describe('Not stored, or not known to be; repeat after Retry-After.'),
          504: errorBodySchema.describe(
            'The time of `X-Deliver-By` passed. `NOT_POSTED`: and the relay will not post it; post it. `NOT_KNOWN`: and nothing was heard of the relay.',
          ),
        },
      },
    },
    async (request, reply) => {
      const { source } = request.body;
      const headers = readSendHeaders(request.headers);
      const wborMessageId = request.body.wbor_message_id ?? idOf(source, headers.idempotencyKey);
      Object.assign(request.note, { wborMessageId, source, routingKey: standardKey(source) });
      if (request.body.alreadysent) {
        await log(request.body, wborMessageId, headers.idempotencyKey);
        return reply.code(202).send({ status: 'queued', wbor_message_id: wborMessageId });
      }
      if (headers.deliverBy !== undefined && headers.deliverBy <= Date.now()) throw notPosted();
      const { urgent, ...fields } = request.body;
      const mayBeUrgent = request.caller?.mayBeUrgent === true;
      // It is posted all the same: an alert must not be lost for a flag that its token has not.
      if (urgent && !mayBeUrgent) request.note.reason = 'urgent_not_allowed';
      const outcome = await post(mayBeUrgent ? request.body : fields, wborMessageId, headers);
      if (headers.waitSeconds > 0) reply.header('preference-applied', `wait=${headers.waitSeconds}`);
      switch (outcome.status) {
        case 'delivered':
          return { status: outcome.status, wbor_message_id: wborMessageId };
        case 'failed':
          states.failed(wborMessageId, source, outcome.code);
          throw new GatewayError(502, 'NOT_DELIVERED', outcome.reason, { status: outcome.status });
        case 'expired':
          throw notPosted();
        case 'silent':
          throw new GatewayError(
            504,
            'NOT_KNOWN',
            'nothing was heard of the relay by the deadline: most likely it has not posted it, and will not',
          );
        case 'stopped':
          throw new GatewayError(503, 'STOPPING', 'the gateway is stopping; repeat it with the same id', {
            retryAfterSeconds: 1,
          });
        default:
          return reply.code(202).send({ status: outcome.status, wbor_message_id: wborMessageId });
      }
    },
  );
};

/** Version 4, not 7, for a message without a key: the chat shows the first eight digits, which a clock would make all alike. */
function idOf(source: string, key: string | undefined): string {
  return key === undefined ? randomUUID() : uuidv5(JSON.stringify([source, key]), IDEMPOTENCY_NAMESPACE);
}

function notPosted(): GatewayError {
  return new GatewayError(
    504,
    'NOT_POSTED',
    'the deadline passed before the relay began; it will not post it',
    {
      status: 'expired',
    },
  );
}
