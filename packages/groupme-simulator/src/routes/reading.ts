import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Chat } from '../chat.ts';
import { type Answer, envelope, type Serve } from './serve.ts';
import type { HasToken } from './token.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** The routes that read: groups, their messages, bots, the owner of the token. */
export function registerReading(
  app: FastifyInstance,
  { chat, serve, hasToken, userName }: { chat: Chat; serve: Serve; hasToken: HasToken; userName: string },
): void {
  const authorised = (request: FastifyRequest, answer: () => Answer) => (): Answer =>
    hasToken(request) ? answer() : envelope(401, 'unauthorized');

  app.get<{ Params: { groupId: string } }>('/v3/groups/:groupId/messages', (request, reply) =>
    serve(
      'messages',
      request,
      reply,
      authorised(request, () => {
        const query = new URL(request.url, 'http://simulator').searchParams;
        const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
        const messages = chat.page(request.params.groupId, {
          limit: Math.min(MAX_LIMIT, Math.max(1, Number.isInteger(limit) ? limit : DEFAULT_LIMIT)),
          beforeId: query.get('before_id') ?? undefined,
          afterId: query.get('after_id') ?? undefined,
          sinceId: query.get('since_id') ?? undefined,
        });
        // A group that one is not in answers an empty 404.
        if (messages === undefined) return { status: 404 };
        if (messages.length === 0) return { status: 304 };
        return success({
          count: chat.messages(request.params.groupId).length,
          messages: messages.map((message) => ({ ...message, favorited_by: [], platform: 'gm' })),
        });
      }),
    ),
  );

  app.get<{ Params: { groupId: string } }>('/v3/groups/:groupId', (request, reply) =>
    serve(
      null,
      request,
      reply,
      authorised(request, () => {
        const group = chat.groups.find(({ id }) => id === request.params.groupId);
        if (group === undefined) return envelope(404, 'group not found');
        const messages = chat.messages(group.id);
        const last = messages.at(-1);
        return success({
          id: group.id,
          group_id: group.id,
          name: group.name,
          type: 'private',
          members: [{ user_id: USER_ID, nickname: userName }],
          messages: {
            count: messages.length,
            last_message_id: last?.id ?? null,
            last_message_created_at: last?.created_at ?? null,
          },
        });
      }),
    ),
  );

  app.get('/v3/bots', (request, reply) =>
    serve(
      null,
      request,
      reply,
      authorised(request, () =>
        success(
          chat.bots.map((bot) => ({
            bot_id: bot.botId,
            group_id: bot.groupId,
            group_name: chat.groups.find(({ id }) => id === bot.groupId)?.name ?? null,
            name: bot.name,
            avatar_url: null,
            callback_url: bot.callbackUrl ?? null,
            dm_notification: false,
            active: true,
          })),
        ),
      ),
    ),
  );

  app.get('/v3/users/me', (request, reply) =>
    serve(
      null,
      request,
      reply,
      authorised(request, () =>
        success({ id: USER_ID, user_id: USER_ID, name: userName, email: null, avatar_url: null }),
      ),
    ),
  );
}

const USER_ID = '20000001';

function success(response: unknown): Answer {
  return { status: 200, body: { response, meta: { code: 200 } } };
}
