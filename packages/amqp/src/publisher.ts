import { errorMessage } from '@wbor/async';
import { RETRY_COUNT_HEADER, type Topology } from '@wbor/contracts';
import type { ConfirmChannel, Options } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';
import { type HealingChannel, openHealingChannel } from './healing-channel.ts';
import type { OutgoingBytes, OutgoingMessage } from './outgoing.ts';
import { declareTopology } from './topology.ts';
import type { Logger } from './types.ts';

export interface Publisher {
  readonly open: boolean;
  readonly firstReady: Promise<void>;
  publish(message: OutgoingMessage | OutgoingBytes): Promise<void>;
  /** Waits for what is in flight, at most `timeoutMs`, then closes. */
  close(timeoutMs: number): Promise<void>;
}

interface InFlight {
  readonly messageId: string;
  returned: boolean;
  /** Resolved or rejected with the outcome. */
  readonly outcome: Promise<void>;
  finish(error?: PublishError): void;
}

/**
 * Publishes with confirms on a channel of its own.
 *
 * It uses the raw confirm channel: the manager's publish buffers without bound while the broker is away,
 * and its promise stays pending for ever after a synchronous throw. Here the caller knows at once.
 */
export function createPublisher(options: {
  connection: Connection;
  topology: Topology;
  appId: string;
  logger: Logger;
  maxInFlight: number;
  confirmTimeoutMs: number;
  /** How often the broker is asked, while nothing is published, whether it would take it. Default: never. */
  probeEveryMs?: number;
}): Publisher {
  const inFlight = new Map<string, InFlight>();
  let channel: ConfirmChannel | undefined;
  let closing = false;
  const probes = createProbes(options.topology.own?.name ?? '', () =>
    inFlight.size > 0 || closing || options.connection.blockedReason !== undefined ? undefined : channel,
  );
  const probing =
    options.probeEveryMs === undefined ? undefined : setInterval(probes.probe, options.probeEveryMs);
  probing?.unref();

  const healing: HealingChannel = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} publisher`,
    logger: options.logger,
    async setup(fresh) {
      // A returned message is confirmed as well, and the return comes first: it is marked here and read
      // when its confirm arrives.
      fresh.on('return', (message) => {
        const entry = inFlight.get(String(message.properties.messageId));
        if (entry) entry.returned = true;
      });
      await declareTopology(fresh, options.topology);
      probes.watch(fresh);
      channel = fresh;
    },
    onLost(lost) {
      if (channel !== lost) return;
      channel = undefined;
      for (const entry of [...inFlight.values()]) {
        entry.finish(
          new PublishError('CHANNEL_CLOSED', 'the broker went away before it confirmed the message'),
        );
      }
    },
  });

  function track(messageId: string): InFlight {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      entry.finish(
        new PublishError(
          'TIMEOUT',
          `the broker did not confirm the message within ${options.confirmTimeoutMs} ms`,
        ),
      );
    }, options.confirmTimeoutMs);
    const entry: InFlight = {
      messageId,
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

  async function publish(message: OutgoingMessage | OutgoingBytes): Promise<void> {
    const messageId = message.messageId ?? uuidv7();
    // Returns are matched by id, so two copies of one message go one after the other.
    for (let same = inFlight.get(messageId); same; same = inFlight.get(messageId)) {
      await same.outcome.catch(() => {});
    }
    if (closing || !channel) throw new PublishError('DISCONNECTED', 'not connected to the broker');
    if (options.connection.blockedReason !== undefined) {
      throw new PublishError(
        'DISCONNECTED',
        `broker has blocked publishing (resource alarm): ${options.connection.blockedReason}`,
      );
    }
    if (inFlight.size >= options.maxInFlight) {
      throw new PublishError('BUSY', `${options.maxInFlight} messages wait for the broker's confirm already`);
    }
    const content = 'bytes' in message ? message.bytes : encodeJson(message.body);
    const entry = track(messageId);
    try {
      channel.publish(
        message.exchange,
        message.routingKey,
        content,
        toProperties(message, messageId, options.appId),
        (error) => {
          if (error) {
            // amqplib reports a closing channel in the same way. Then the broker may have stored the message.
            const closed = /channel closed|closing/i.test(errorMessage(error));
            entry.finish(
              closed
                ? new PublishError('CHANNEL_CLOSED', 'the broker went away before it confirmed the message')
                : new PublishError('NACKED', 'the broker refused the message', { cause: error }),
            );
          } else if (entry.returned && message.mandatory !== false) {
            entry.finish(new PublishError('RETURNED', `no queue takes messages for ${message.routingKey}`));
          } else {
            entry.finish();
          }
        },
      );
    } catch (error) {
      // amqplib throws at once for what cannot be encoded, or when the channel has just closed.
      const closed = error instanceof Error && error.name === 'IllegalOperationError';
      entry.finish(
        closed
          ? new PublishError('DISCONNECTED', 'not connected to the broker')
          : new PublishError('INVALID', `the message cannot be published: ${errorMessage(error)}`, {
              cause: error,
            }),
      );
    }
    await entry.outcome;
  }

  return {
    get open() {
      return channel !== undefined && !closing;
    },
    firstReady: healing.firstReady,
    publish,
    async close(timeoutMs) {
      closing = true;
      clearInterval(probing);
      const pending = [...inFlight.values()].map((entry) => entry.outcome);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        Promise.allSettled(pending),
        new Promise((resolve) => {
          timer = setTimeout(resolve, timeoutMs);
        }),
      ]);
      clearTimeout(timer);
      await healing.close();
    },
  };
}

/** No queue has this name: what is published there goes nowhere. */
const NOBODY = 'wbor.nobody';

/**
 * Publishes nothing, to nobody: a broker that is short of memory or disk says so to those only who publish. Without the right
 * to write to this exchange there are no probes.
 */
function createProbes(exchange: string, channelToAsk: () => ConfirmChannel | undefined) {
  let isRefused = false;
  return {
    watch(channel: ConfirmChannel): void {
      channel.on('error', (error) => {
        const message = errorMessage(error);
        if (message.includes('ACCESS_REFUSED') && message.includes(`'${exchange || 'amq.default'}'`)) {
          isRefused = true;
        }
      });
    },
    probe(): void {
      if (isRefused) return;
      try {
        channelToAsk()?.publish(exchange, NOBODY, Buffer.alloc(0), {}, () => {});
      } catch {
        // The channel has just been closed.
      }
    },
  };
}

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
