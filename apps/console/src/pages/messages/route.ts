import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { mayActAs } from '../../auth/roles.ts';
import type { PageDeps } from '../../deps.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { filterSchema } from './filter.ts';
import { listMessages, listSources } from './queries.ts';
import { messageItems, messagesPage } from './view.ts';

/** All messages, newest first, and what is looked for among them. */
export const messagesRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  app.get('/messages', { schema: { querystring: filterSchema } }, async (request, reply) => {
    const filter = request.query;
    const list = await listMessages(deps, filter, mayActAs(sessionOf(request).role, 'moderator'));
    // A link that comes into sight asks for more rows, not for a page.
    if (request.headers['hx-request'] !== undefined)
      return reply.piece(messageItems(list, filter, deps.clock));
    return reply.page({
      title: 'Messages',
      section: '/messages',
      body: messagesPage(list, filter, await listSources(deps.db), deps.clock),
    });
  });
};
