import { setTimeout as delay } from 'node:timers/promises';
import { backOff } from '@wbor/async';
import type { Reply, Topology } from '@wbor/contracts';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import { type Connection, openConnection } from './connection.ts';
import { directReplyNode, isDirectReply } from './direct-reply.ts';
import { PublishError } from './errors.ts';
import { type OutgoingMessage, outgoingReply } from './outgoing.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import type { Logger } from './types.ts';

/** Answers producers, over a connection of its own: what an address does to it concerns replies only. */
export interface Replier {
  /** Repeats until the broker has taken the reply, or `signal` is aborted, whose reason is then thrown. */
  reply(
    replyTo: string,
    reply: Reply,
    correlationId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

const backOffMs = backOff({ minMs: 100, maxMs: 5_000 });

/** RabbitMQ 3.10 closes the connection for a node that it does not know. Each costs a second, once an hour. */
const REFUSED_FOR_MS = 3_600_000;
const MAX_REMEMBERED_NODES = 1_000;

export function createReplier(options: {
  readonly url: string;
  readonly appId: string;
  readonly topology: Topology;
  readonly logger: Logger;
  readonly maxInFlight: number;
  readonly confirmTimeoutMs: number;
}): Replier {
  let opened: { connection: Connection; publisher: Publisher } | undefined;
  const knownNodes = new LRUCache<string, true>({ max: MAX_REMEMBERED_NODES });
  const refusedNodes = new LRUCache<string, true>({ max: MAX_REMEMBERED_NODES, ttl: REFUSED_FOR_MS });
  let lastDirect: Promise<void> = Promise.resolve();

  /** Most deployments have no producer that wants an answer. */
  function open(): Publisher {
    if (opened === undefined) {
      const { appId, logger, url } = options;
      const connection = openConnection({ url, name: `${appId} reply`, logger });
      const topology = { ...options.topology, queues: [] };
      opened = { connection, publisher: createPublisher({ ...options, connection, topology }) };
    }
    return opened.publisher;
  }

  /** One at a time, so that it is known which of them has cost the connection. */
  function publishDirectly(node: string, message: OutgoingMessage): Promise<void> {
    const published = lastDirect.then(async () => {
      if (refusedNodes.has(node)) throw new PublishError('INVALID', 'the broker knows no such node');
      try {
        await open().publish(message);
        knownNodes.set(node, true);
      } catch (error) {
        const closed = error instanceof PublishError && error.code === 'CHANNEL_CLOSED';
        if (closed && !knownNodes.has(node)) refusedNodes.set(node, true);
        throw error;
      }
    });
    lastDirect = published.catch(() => {});
    return published;
  }

  function publish(replyTo: string, message: OutgoingMessage): Promise<void> {
    if (!isDirectReply(replyTo)) return open().publish(message);
    const node = directReplyNode(replyTo);
    if (node === undefined) throw new PublishError('INVALID', 'no broker has made this address');
    return publishDirectly(node, message);
  }

  return {
    async reply(replyTo, reply, correlationId, signal) {
      const message = { ...outgoingReply(replyTo, reply, correlationId), messageId: uuidv7() };
      for (let failures = 0; ; failures += 1) {
        try {
          await publish(replyTo, message);
          return;
        } catch (error) {
          if (!(error instanceof PublishError) || !error.retryable) throw error;
          await delay(backOffMs(failures), undefined, signal ? { signal } : {});
        }
      }
    },
    async close(timeoutMs) {
      await opened?.publisher.close(timeoutMs);
      await opened?.connection.close();
    },
  };
}
