import { endsWithin, errorMessage } from '@wbor/async';
import { RETRY_COUNT_HEADER } from '@wbor/contracts';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { nodesOf } from './address.ts';
import { PublishError } from './errors.ts';

/** One connection of a producer that is not one of our services: it declares nothing and does not heal. */
export interface ProducerLink {
  /** The queue to name as `reply_to`. It goes with the connection. */
  readonly replyTo: string;
  /** Aborted once the connection, or its channel, is gone. */
  readonly lost: AbortSignal;
  /**
   * Publishes persistently and mandatory, and resolves on the broker's confirm.
   *
   * @throws PublishError. With code DISCONNECTED, RETURNED and INVALID the broker has certainly not kept the message.
   */
  publish(message: ProducerMessage, confirmTimeoutMs: number): Promise<void>;
  /** Calls back with the body of each reply with this correlation id, until the function that it returns is called. */
  onReply(correlationId: string, listener: (body: unknown) => void): () => void;
  /**
   * One round trip, after which every reply that the broker took before has been handed out.
   *
   * @returns false when the broker did not answer in time: a reply may be under way, or lost.
   */
  flushReplies(timeoutMs: number): Promise<boolean>;
  /**
   * Calls back with each message that is published under a key of this pattern, as long as the connection lasts. While it
   * does, a mandatory publish under such a key finds somebody who listens.
   */
  listen(pattern: string, onMessage: (message: { content: Buffer }) => void): Promise<void>;
  close(): Promise<void>;
}

interface ProducerMessage {
  readonly routingKey: string;
  readonly content: Buffer;
  readonly messageId: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  /** With it, replies go to {@link ProducerLink.replyTo}. */
  readonly correlationId?: string;
}

/** A silent peer is dropped after two of these: as long a cut may go unnoticed. */
const HEARTBEAT_SECONDS = 4;
const CLOSE_TIMEOUT_MS = 1_000;

/** The broker's codes for an exchange that is not there or may not be written to. */
const REFUSED_CODES: readonly unknown[] = [403, 404];

/**
 * Connects once, within `timeoutMs`; to a cluster, to the first node that takes us.
 *
 * @param options.url `amqp://user:password@host:port/vhost`, or those of several nodes. No error repeats it.
 * @throws PublishError with code DISCONNECTED.
 */
export async function openProducerLink(options: {
  readonly url: string | readonly string[];
  readonly appId: string;
  readonly exchange: string;
  readonly timeoutMs: number;
}): Promise<ProducerLink> {
  const opening = openFirst(options);
  try {
    if (await endsWithin(opening, options.timeoutMs)) return await opening;
  } catch (error) {
    throw new PublishError('DISCONNECTED', `the broker was not reached: ${plainReason(error)}`);
  }
  // It may come up yet, and nobody would close it.
  opening.then(
    (late) => late.close(),
    () => {},
  );
  throw new PublishError('DISCONNECTED', `the broker did not answer within ${options.timeoutMs} ms`);
}

async function openFirst({ url, ...options }: Parameters<typeof openProducerLink>[0]): Promise<ProducerLink> {
  const [first = '', ...otherUrls] = typeof url === 'string' ? [url] : url;
  const nodes = nodesOf({ url: first, otherUrls });
  // One that is silent must leave time for the others.
  const timeoutMs = Math.ceil(options.timeoutMs / nodes.length);
  let failure: unknown;
  for (const node of nodes) {
    try {
      return await open({ ...options, url: node, timeoutMs });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function open(options: {
  url: string;
  appId: string;
  exchange: string;
  timeoutMs: number;
}): Promise<ProducerLink> {
  if (!URL.canParse(options.url)) {
    throw new PublishError('DISCONNECTED', "the broker's address is not a URL");
  }
  const url = new URL(options.url);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  const connection = await connect(url.href, {
    timeout: options.timeoutMs,
    noDelay: true,
    clientProperties: { connection_name: options.appId },
  });
  const gone = new AbortController();
  connection.on('error', () => gone.abort());
  connection.on('close', () => gone.abort());
  let blocked = false;
  connection.on('blocked', () => {
    blocked = true;
  });
  connection.on('unblocked', () => {
    blocked = false;
  });
  try {
    const channel = await connection.createConfirmChannel();
    const link = await openOnChannel(connection, channel, gone, options);
    return { ...link, publish: (message, ms) => publishUnlessBlocked(link, message, ms, () => blocked) };
  } catch (error) {
    await closeConnection(connection);
    throw error;
  }
}

async function publishUnlessBlocked(
  link: ProducerLink,
  message: ProducerMessage,
  timeoutMs: number,
  isBlocked: () => boolean,
): Promise<void> {
  // What is written to a blocked connection is read once the alarm is over.
  if (isBlocked()) throw new PublishError('DISCONNECTED', 'the broker takes no messages (resource alarm)');
  await link.publish(message, timeoutMs);
}

async function openOnChannel(
  connection: ChannelModel,
  channel: ConfirmChannel,
  gone: AbortController,
  options: { appId: string; exchange: string },
): Promise<ProducerLink> {
  const returned = new Set<string>();
  const listeners = new Map<string, (body: unknown) => void>();
  let refusal: string | undefined;
  channel.on('error', (error: Error & { code?: unknown }) => {
    if (REFUSED_CODES.includes(error.code)) refusal = plainReason(error);
    gone.abort();
  });
  channel.on('close', () => gone.abort());
  channel.on('return', (message) => returned.add(String(message.properties.messageId)));
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.consume(
    queue,
    (message) => {
      const listener = listeners.get(String(message?.properties.correlationId));
      if (message && listener) listener(parse(message.content));
    },
    { noAck: true },
  );

  async function publish(message: ProducerMessage, confirmTimeoutMs: number): Promise<void> {
    if (gone.signal.aborted) throw new PublishError('DISCONNECTED', 'not connected to the broker');
    const confirmed = new Promise<void>((resolve, reject) => {
      const finish = (error: unknown) => {
        if (refusal !== undefined) reject(new PublishError('RETURNED', refusal));
        else if (error && gone.signal.aborted) {
          reject(new PublishError('CHANNEL_CLOSED', 'the broker went away before it confirmed the message'));
        } else if (error) reject(new PublishError('NACKED', 'the broker refused the message'));
        else if (returned.delete(message.messageId)) {
          reject(new PublishError('RETURNED', `no queue takes messages for ${message.routingKey}`));
        } else resolve();
      };
      channel.publish(
        options.exchange,
        message.routingKey,
        message.content,
        {
          persistent: true,
          mandatory: true,
          messageId: message.messageId,
          timestamp: Math.floor(Date.now() / 1000),
          appId: options.appId,
          type: message.type,
          contentType: 'application/json',
          headers: { [RETRY_COUNT_HEADER]: 0, ...message.headers },
          ...(message.priority === undefined ? {} : { priority: message.priority }),
          ...(message.correlationId === undefined
            ? {}
            : { correlationId: message.correlationId, replyTo: queue }),
        },
        finish,
      );
    });
    if (await endsWithin(confirmed, confirmTimeoutMs)) return;
    throw new PublishError('TIMEOUT', `the broker did not confirm the message within ${confirmTimeoutMs} ms`);
  }

  return {
    replyTo: queue,
    lost: gone.signal,
    publish,
    onReply(correlationId, listener) {
      listeners.set(correlationId, listener);
      return () => listeners.delete(correlationId);
    },
    async flushReplies(timeoutMs) {
      if (gone.signal.aborted) return false;
      const answered = channel.checkQueue(queue);
      return await endsWithin(answered, timeoutMs).catch(() => false);
    },
    async listen(pattern, onMessage) {
      const heard = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(heard.queue, options.exchange, pattern);
      await channel.consume(heard.queue, (message) => message && onMessage(message), { noAck: true });
    },
    close: () => closeConnection(connection),
  };
}

/** A connection to a dead network does not end by itself, and holds the process. */
async function closeConnection(connection: ChannelModel): Promise<void> {
  const closed = await endsWithin(
    connection.close().catch(() => {}),
    CLOSE_TIMEOUT_MS,
  );
  if (closed) return;
  const { stream } = connection.connection as unknown as { stream?: { destroy(): void } };
  stream?.destroy();
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}

/** The broker's or the system's words, which hold no address of ours but host and port. */
function plainReason(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return code;
  const message = errorMessage(error);
  if (/ACCESS[_-]REFUSED/.test(message)) return 'it refuses the user or the password, or writing there';
  if (message.includes('NOT_FOUND')) return 'the exchange does not exist';
  return /with message "([A-Z_]+)/.exec(message)?.[1] ?? 'the connection failed';
}
