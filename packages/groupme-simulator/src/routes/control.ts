import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ZodError, z } from 'zod';
import type { Callbacks } from '../callbacks.ts';
import type { Chat, MemberMessage } from '../chat.ts';
import type { Events } from '../events.ts';
import type { Faults } from '../faults.ts';
import type { RequestLog } from '../request-log.ts';
import { attachmentSchema, type ChatMessage } from '../types.ts';

/** What the chat page shows when it opens. */
const RECENT_MESSAGES = 200;
const RECENT_REQUESTS = 60;

/** A listener that does not read is cut off; the page comes back by itself and fetches the state anew. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 500;

const memberMessageSchema = z
  .object({
    name: z.string().trim().min(1).max(100),
    text: z.string().max(1000).optional(),
    attachments: z.array(attachmentSchema).optional(),
    groupId: z.string().optional(),
    system: z.boolean().optional(),
  })
  .refine(({ text, attachments }) => text?.trim() || attachments?.length, {
    path: ['text'],
    message: 'is empty and there are no attachments',
  });

const callbackSchema = z.object({ url: z.url({ protocol: /^https?$/ }).nullable() });

export interface ControlDependencies {
  readonly chat: Chat;
  readonly callbacks: Callbacks;
  readonly faults: Faults;
  readonly requestLog: RequestLog;
  readonly events: Events;
  readonly postAsMember: (message: MemberMessage) => ChatMessage;
  readonly setCallbackUrl: (url: string | undefined) => void;
  readonly reset: () => void;
}

/** `/_simulator/…`: what tests in other processes and the chat page use. */
export function registerControl(app: FastifyInstance, dependencies: ControlDependencies): void {
  const { chat, callbacks, faults, requestLog, events } = dependencies;

  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return reply.code(400).send({ error: error.message });
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    return reply.code(status).send({ error: error instanceof Error ? error.message : 'failed' });
  });

  app.get<{ Querystring: { since?: string } }>('/_simulator/requests', (request) => {
    const since = Number(request.query.since ?? 0);
    return { requests: requestLog.all().filter(({ seq }) => seq > since) };
  });
  app.get<{ Querystring: { group?: string } }>('/_simulator/messages', (request) => ({
    messages: chat.messages(request.query.group),
  }));
  app.get('/_simulator/callbacks', () => ({ callbacks: callbacks.all() }));
  app.get('/_simulator/faults', () => ({ faults: faults.list() }));

  app.post('/_simulator/faults', (request, reply) => {
    faults.add(...[readJson(request)].flat());
    return reply.code(201).send({ faults: faults.list() });
  });
  app.delete('/_simulator/faults', (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  app.post('/_simulator/messages', (request, reply) => {
    const message = dependencies.postAsMember(memberMessageSchema.parse(readJson(request)));
    return reply.code(201).send({ message });
  });
  app.put('/_simulator/callback', (request, reply) => {
    dependencies.setCallbackUrl(callbackSchema.parse(readJson(request)).url ?? undefined);
    return reply.code(204).send();
  });
  app.post('/_simulator/reset', (_request, reply) => {
    dependencies.reset();
    return reply.code(204).send();
  });

  app.get('/_simulator/state', () => ({
    groups: chat.groups,
    bots: chat.bots.map(({ name, groupId, callbackUrl }) => ({
      name,
      groupId,
      // Only whether there is one: the address holds a secret.
      callback: callbackUrl !== undefined,
    })),
    messages: chat.messages().slice(-RECENT_MESSAGES),
    callbacks: callbacks.all().slice(-RECENT_MESSAGES),
    requests: requestLog.all().slice(-RECENT_REQUESTS),
    faults: faults.list(),
  }));

  app.get('/_simulator/events', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    raw.write(`retry: ${RECONNECT_MS}\n\n`);
    const forget = events.listen((event) => {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
      else raw.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    });
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
    heartbeat.unref();
    request.raw.socket.once('close', () => {
      forget();
      clearInterval(heartbeat);
    });
  });
}

function readJson(request: FastifyRequest): unknown {
  return JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
}
