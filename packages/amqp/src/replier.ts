import type { InterimReply, Reply, Topology } from '@wbor/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { BrokerAddress } from './address.ts';
import { type Connection, openConnection } from './connection.ts';
import { directReplyNode, isDirectReply } from './direct-reply.ts';
import { PublishError } from './errors.ts';
import { outgoingReply } from './outgoing.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import type { Logger } from './types.ts';
import { untilConfirmed } from './until-confirmed.ts';

/** Answers producers, over connections of its own: what an address does to one concerns replies of its kind only. */
export interface Replier {
  /** Repeats until the broker has taken the reply, or `signal` is aborted, whose reason is then thrown. */
  reply(
    replyTo: string,
    reply: Reply | InterimReply,
    options: { readonly correlationId?: string | undefined; readonly mandatory?: boolean },
    signal: AbortSignal | undefined,
  ): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

export function createReplier(
  options: BrokerAddress & {
    readonly appId: string;
    readonly topology: Topology;
    readonly logger: Logger;
    readonly maxInFlight: number;
    readonly confirmTimeoutMs: number;
  },
): Replier {
  const opened = new Map<string, { connection: Connection; publisher: Publisher }>();
  let lastDirect: Promise<unknown> = Promise.resolve();

  /** Most deployments have no producer that wants an answer. */
  function open(kind: string): Publisher {
    let channel = opened.get(kind);
    if (channel === undefined) {
      const connection = openConnection({ ...options, name: `${options.appId} ${kind}` });
      const topology = { ...options.topology, queues: [] };
      const blockedReason = () => connection.blockedReason;
      channel = {
        connection,
        publisher: createPublisher({ ...options, connection, topology, blockedReason }),
      };
      opened.set(kind, channel);
    }
    return channel.publisher;
  }

  return {
    async reply(replyTo, reply, { correlationId, mandatory = false }, signal) {
      // The broker returns every mandatory message to a direct reply address, whether somebody waits there or not.
      const isDirect = isDirectReply(replyTo);
      const outgoing = outgoingReply(replyTo, reply, { correlationId, mandatory: mandatory && !isDirect });
      const message = { ...outgoing, messageId: uuidv7() };
      if (!isDirect) {
        const publisher = open('reply');
        await untilConfirmed(() => publisher.publish(message), signal);
        return;
      }
      if (directReplyNode(replyTo) === undefined) {
        throw new PublishError('INVALID', 'no broker has made this address');
      }
      // Well-formed ones may be forged as well, and the broker closes the connection for some. So each is published once,
      // and alone, since the others would be lost with it. Direct reply-to promises no more than that.
      const published = lastDirect.then(() =>
        untilConfirmed(
          () => open('direct reply').publish(message),
          signal,
          ({ code }) => code === 'DISCONNECTED',
        ),
      );
      lastDirect = published.catch(() => {});
      await published;
    },
    async close(timeoutMs) {
      const all = [...opened.values()];
      await Promise.all(all.map(({ publisher }) => publisher.close(timeoutMs)));
      await Promise.allSettled(all.map(({ connection }) => connection.close()));
    },
  };
}
