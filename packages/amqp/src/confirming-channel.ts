import { errorMessage } from '@wbor/async';
import { RETRY_COUNT_HEADER } from '@wbor/contracts';
import { inSpan, traceHeaders } from '@wbor/tracing';
import type { ConfirmChannel, Options } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import { PublishError } from './errors.ts';
import type { OutgoingBytes, OutgoingMessage } from './outgoing.ts';
import type { Answers } from './refusals.ts';
import { sendSpan } from './spans.ts';

/** A channel to publish on, until it is lost, which knows how each message fared. */
export interface ConfirmingChannel {
  readonly channel: ConfirmChannel;
  readonly inFlight: number;
  /**
   * Resolves once the broker has confirmed the message and some queue took it.
   *
   * @throws PublishError.
   */
  publish(message: OutgoingMessage | OutgoingBytes): Promise<void>;
  /** What is in flight is not confirmed any more. */
  lose(): void;
  /** Resolves once the outcome of all that is in flight is known. */
  settled(): Promise<unknown>;
}

export interface ConfirmOptions {
  readonly appId: string;
  readonly maxInFlight: number;
  readonly confirmTimeoutMs: number;
  /** Why the broker takes nothing at present, if it does not. */
  readonly blockedReason: () => string | undefined;
}

interface InFlight {
  returned: boolean;
  /** Resolved or rejected with the outcome. */
  readonly outcome: Promise<void>;
  finish(error?: PublishError): void;
}

/**
 * Publishes with confirms, on the raw channel: the manager's publish buffers without bound while the broker is away, and
 * its promise stays pending for ever after a synchronous throw. Here the caller knows at once.
 */
export function confirmingChannel(
  channel: ConfirmChannel,
  options: ConfirmOptions,
  answers: Answers,
): ConfirmingChannel {
  const inFlight = new Map<string, InFlight>();
  let isLost = false;

  // A returned message is confirmed as well, and the return comes first: it is marked here and read when its
  // confirm arrives.
  channel.on('return', (message) => {
    const entry = inFlight.get(String(message.properties.messageId));
    if (entry) entry.returned = true;
  });

  function track(messageId: string): InFlight {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const error = `the broker did not confirm the message within ${options.confirmTimeoutMs} ms`;
      answers.unanswered();
      entry.finish(new PublishError('TIMEOUT', error));
    }, options.confirmTimeoutMs);
    const entry: InFlight = {
      returned: false,
      outcome: promise,
      finish(error) {
        clearTimeout(timer);
        if (inFlight.get(messageId) === entry) inFlight.delete(messageId);
        if (error) reject(error);
        else resolve();
      },
    };
    inFlight.set(messageId, entry);
    return entry;
  }

  function checkTaken(): void {
    if (isLost) throw disconnected();
    const blockedReason = options.blockedReason();
    if (blockedReason !== undefined) {
      throw new PublishError(
        'DISCONNECTED',
        `broker has blocked publishing (resource alarm): ${blockedReason}`,
      );
    }
    if (inFlight.size >= options.maxInFlight) {
      throw new PublishError('BUSY', `${options.maxInFlight} messages wait for the broker's confirm already`);
    }
  }

  async function publish(message: OutgoingMessage | OutgoingBytes): Promise<void> {
    const messageId = message.messageId ?? uuidv7();
    // Returns are matched by id, so two copies of one message go one after the other.
    for (let same = inFlight.get(messageId); same; same = inFlight.get(messageId)) {
      await same.outcome.catch(() => {});
    }
    checkTaken();
    const content = 'bytes' in message ? message.bytes : encodeJson(message.body);
    const entry = track(messageId);
    try {
      channel.publish(
        message.exchange,
        message.routingKey,
        content,
        toProperties(message, messageId, options.appId),
        (error) => {
          const failure = errorOf(error, message, entry);
          // What no queue takes is answered as well.
          if (failure === undefined || failure.code === 'RETURNED') answers.confirmed();
          else if (failure.code === 'NACKED') answers.refused();
          entry.finish(failure);
        },
      );
    } catch (error) {
      // amqplib throws at once for what cannot be encoded, or when the channel has just closed.
      const isClosed = error instanceof Error && error.name === 'IllegalOperationError';
      entry.finish(isClosed ? disconnected() : invalid(error));
    }
    await entry.outcome;
  }

  return {
    channel,
    get inFlight() {
      return inFlight.size;
    },
    publish: (message) =>
      inSpan(
        `send ${message.routingKey}`,
        () => sendSpan(message),
        () => publish(message),
      ),
    lose() {
      isLost = true;
      for (const entry of [...inFlight.values()]) entry.finish(unconfirmed());
    },
    settled: () => Promise.allSettled([...inFlight.values()].map(({ outcome }) => outcome)),
  };
}

/** Why a message that the broker has answered for was not taken; undefined when it was. */
function errorOf(
  error: unknown,
  { mandatory, routingKey }: OutgoingMessage | OutgoingBytes,
  { returned }: InFlight,
): PublishError | undefined {
  if (error) {
    // amqplib reports a closing channel in the same way. Then the broker may have stored the message.
    return /channel closed|closing/i.test(errorMessage(error))
      ? unconfirmed()
      : new PublishError('NACKED', 'the broker refused the message', { cause: error });
  }
  if (!returned || mandatory === false) return undefined;
  return new PublishError('RETURNED', `no queue takes messages for ${routingKey}`);
}

export const disconnected = () => new PublishError('DISCONNECTED', 'not connected to the broker');

const unconfirmed = () =>
  new PublishError('CHANNEL_CLOSED', 'the broker went away before it confirmed the message');

const invalid = (cause: unknown) =>
  new PublishError('INVALID', `the message cannot be published: ${errorMessage(cause)}`, { cause });

function encodeJson(body: unknown): Buffer {
  const text = JSON.stringify(body);
  if (text === undefined) throw new PublishError('INVALID', 'the message has no body');
  return Buffer.from(text);
}

function toProperties(
  message: OutgoingMessage | OutgoingBytes,
  messageId: string,
  appId: string,
): Options.Publish {
  return {
    persistent: true,
    mandatory: message.mandatory ?? true,
    messageId,
    timestamp: Math.floor(Date.now() / 1000),
    appId,
    type: message.type,
    contentType: 'application/json',
    ...('bytes' in message ? ofBytes(message) : {}),
    headers: {
      ...('bytes' in message || message.exchange === '' ? {} : { [RETRY_COUNT_HEADER]: 0 }),
      ...message.headers,
      ...traceHeaders(),
    },
    ...(message.correlationId === undefined ? {} : { correlationId: message.correlationId }),
    ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
  };
}

function ofBytes({ contentEncoding, contentType, priority }: OutgoingBytes): Options.Publish {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(priority === undefined ? {} : { priority }),
  };
}
