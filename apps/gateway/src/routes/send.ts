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
import type { MessageState, MessageStates } from '../outcomes/message-states.ts';
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
  '`Prefer: wait=N` (25 at most): waits N seconds for the relay; 200 is `delivered`, 502 is `failed`, with the code `NOT_DELIVERED` for what will not be in the chat, or not all of it, and `IN_DOUBT` for what may be; 202 says how far it is.',
  '`X-Deliver-By` (epoch milliseconds): from then on you post by yourself. With `Prefer: wait` 504 with the code `NOT_POSTED` says that the relay has not, and will not; with `NOT_KNOWN` nothing was heard of it, so most likely neither, and `GET /send/ID` may tell later; 202 with `posting` that it has begun, so that you must not, unless `GET /send/ID` says `expired` later. A call that comes after its deadline is not stored: it is `NOT_POSTED` where this gateway knows of no earlier one with the same id, and otherwise told what was heard of that.',
  '`urgent: true`: it overtakes all that is not urgent. With the password, or a token that was made with `--urgent`; with another one it is posted like any other.',
  '`alreadysent: true`: you have posted it by yourself. It is only logged, with `statuscode`; give each call of GroupMe an `Idempotency-Key` of its own.',
].join('\n\n');

/** Codes of refusals after which the broker has certainly nothing. */
const NOT_STORED: readonly string[] = ['BROKER_UNAVAILABLE', 'NO_RECEIVER'];

/** `POST /send`: somebody who knows the password has a message for the chat. */
export const sendRoutes: FastifyPluginAsyncZod<SendRoutesOptions> = async (app, options) => {
  const { accept, publish, replies, states } = options;
  /** Ids of messages that are on their way to the broker, one for each call. */
  const offering: string[] = [];

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

  /** @throws what `take` throws. Whatever the broker may have is remembered. */
  async function offer(id: string, source: string, take: () => Promise<void>): Promise<void> {
    offering.push(id);
    try {
      await take();
      states.offered(id, source, 'queued');
    } catch (error) {
      if (!isNotStored(error)) states.offered(id, source, 'unconfirmed');
      throw error;
    } finally {
      offering.splice(offering.indexOf(id), 1);
    }
  }

  /** Of a call that came after its deadline: it is not offered, but another one with this id may have been. */
  function heardOf(id: string, source: string, deliverBy: number): WaitOutcome {
    const state = states.get(id);
    if (state === undefined) return { status: offering.includes(id) ? 'silent' : 'expired' };
    // A token is told of its own source alone.
    return state.source === source ? toOutcome(state, deliverBy) : { status: 'silent' };
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
      await offer(id, source, () =>
        take(
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
        ),
      );
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
          502: errorBodySchema.describe(
            '`NOT_DELIVERED`: GroupMe rejected it, or the relay cannot read it; it will not be in the chat, or not all of it. `IN_DOUBT`: the relay gave it up for a fault of its own, perhaps after a call; look into the chat before you post it. Either way the relay keeps it aside for a person.',
          ),
          503: errorBodySchema.describe('Not stored, or not known to be; repeat after Retry-After.'),
          504: errorBodySchema.describe(
            'The time of `X-Deliver-By` passed. `NOT_POSTED`: and the relay will not post it; post it. `NOT_KNOWN`: and nothing was heard of the relay, or not how an earlier call with this id has ended.',
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
      const { urgent, ...fields } = request.body;
      const mayBeUrgent = request.caller?.mayBeUrgent === true;
      // It is posted all the same: an alert must not be lost for a flag that its token has not.
      if (urgent && !mayBeUrgent) request.note.reason = 'urgent_not_allowed';
      const { deliverBy } = headers;
      const outcome =
        deliverBy !== undefined && deliverBy <= Date.now()
          ? heardOf(wborMessageId, source, deliverBy)
          : await post(mayBeUrgent ? request.body : fields, wborMessageId, headers);
      if (headers.waitSeconds > 0) reply.header('preference-applied', `wait=${headers.waitSeconds}`);
      switch (outcome.status) {
        case 'delivered':
          return { status: outcome.status, wbor_message_id: wborMessageId };
        case 'failed':
          states.failed(wborMessageId, source, outcome.code);
          throw notDelivered(outcome.code, outcome.reason);
        case 'expired':
          throw new GatewayError(
            504,
            'NOT_POSTED',
            'the deadline passed before the relay began; it will not post it',
            { status: outcome.status },
          );
        case 'silent':
          throw new GatewayError(
            504,
            'NOT_KNOWN',
            'the deadline has passed, and how the message ended was not heard: GET /send/ID may tell later',
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

/** Refused for certain: the broker has nothing of it. */
function isNotStored(error: unknown): boolean {
  return error instanceof GatewayError && NOT_STORED.includes(error.code);
}

/** What was heard of an earlier call, as an answer to a later one, whose deadline has passed. */
function toOutcome({ at, code = 0, status }: MessageState, deliverBy: number): WaitOutcome {
  switch (status) {
    case 'posting':
    case 'delivered':
      return { status };
    case 'failed':
      return { status, code, reason: 'the relay could not post it' };
    case 'expired':
      // An earlier one is of an offer with another deadline.
      return { status: at >= deliverBy ? status : 'silent' };
    default:
      return { status: 'silent' };
  }
}

/** The relay names no status when it gave a message up for a fault of its own: then nobody knows how far it came. */
function notDelivered(code: number, reason: string): GatewayError {
  return code === 0
    ? new GatewayError(502, 'IN_DOUBT', `${reason}; whether it is in the chat is not known`)
    : new GatewayError(502, 'NOT_DELIVERED', reason, { status: 'failed' });
}
