import { maskNumber } from '@wbor/message-text';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mayActAs } from '../../auth/roles.ts';
import type { PageDeps } from '../../deps.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { filterPath, filterSchema } from './filter.ts';
import { latestOf, listMessages, listSources } from './queries.ts';
import { messageItems, messagesPage } from './view.ts';

/** All messages, newest first, and what is looked for among them. */
export const messagesRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  const { actions, clock, db, normaliseSender } = deps;

  app.get('/messages', { schema: { querystring: filterSchema } }, async (request, reply) => {
    const filter = request.query;
    const session = sessionOf(request);
    const list = await listMessages(deps, filter, mayActAs(session.role, 'moderator'));
    // A link that comes into sight asks for more rows, not for a page.
    if (request.headers['hx-request'] !== undefined) return reply.piece(messageItems(list, filter, clock));
    return reply.page({
      title: 'Messages',
      section: '/messages',
      body: messagesPage({ list, filter, sources: await listSources(db), session, clock }),
    });
  });

  // Whoever may try numbers until one is found has unmasked it: so it takes a moderator, and is written down.
  app.post(
    '/messages/of-number',
    {
      config: { role: 'moderator' },
      schema: { body: z.object({ number: z.string().trim().min(4).max(100) }) },
    },
    async (request, reply) => {
      const sender = normaliseSender(request.body.number.replaceAll('\0', ''));
      await actions.add(sessionOf(request), { action: 'number.search', target: maskNumber(sender) });
      const id = await latestOf(db, sender);
      if (id === undefined) return reply.goTo('/messages', `No message is of ${maskNumber(sender)}.`);
      return reply.goTo(filterPath({ by: id }));
    },
  );
};
