import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError } from '../../errors.ts';
import type { Html } from '../../html.ts';
import { loadStates } from '../../messages/load-states.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { item, messagePath } from '../messages/view.ts';
import { findByUid, loadStory, type Story } from './queries.ts';
import { ambiguousPage, messagePage, shownNumber } from './view.ts';

/** Postgres knows no NUL. */
export const messageIdField = () =>
  z
    .string()
    .max(1_000)
    .regex(/^[^\0]+$/, 'is no id of a message');
const params = z.object({ id: messageIdField() });

/** The whole story of a message. */
export const messageRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  const { actions, clock, db, normaliseSender, pictureOrigins } = deps;

  function show(request: FastifyRequest, reply: FastifyReply, story: Story, shown?: Html): FastifyReply {
    const options = {
      clock,
      pictureOrigins,
      session: sessionOf(request),
      ...(shown === undefined ? {} : { shown }),
    };
    return reply.page({ title: 'Message', section: '/messages', body: messagePage(story, options) });
  }

  app.get('/messages/:id', { schema: { params } }, async (request, reply) => {
    const { id } = request.params;
    const story = await loadStory(db, id, normaliseSender);
    if (story !== undefined) return show(request, reply, story);
    const found = await findByUid(db, id);
    const [only] = found;
    if (only === undefined) throw unknown();
    if (found.length === 1) return reply.goTo(messagePath(only.wbor_message_id));
    const states = await loadStates(db, found);
    const items = found.map((message) =>
      item({ ...message, state: states.get(message.wbor_message_id) }, clock),
    );
    return reply.page({ title: 'Several messages', section: '/messages', body: ambiguousPage(id, items) });
  });

  app.post(
    '/messages/:id/number',
    { config: { role: 'moderator' }, schema: { params } },
    async (request, reply) => {
      const { id } = request.params;
      const story = await loadStory(db, id, normaliseSender);
      if (story === undefined || story.senders.length === 0) throw unknown();
      await actions.add(sessionOf(request), { action: 'number.show', target: id });
      const shown = shownNumber(story.senders);
      return request.headers['hx-request'] === undefined
        ? show(request, reply, story, shown)
        : reply.piece(shown);
    },
  );
};

function unknown(): ConsoleError {
  return new ConsoleError(
    404,
    'There is no message of that name',
    'It may be too new: what was just sent is here after some seconds. Or its address was cut.',
  );
}
