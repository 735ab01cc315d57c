import { MAX_BAN_REASON_LENGTH } from '@wbor/contracts';
import { maskNumber } from '@wbor/message-text';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError, notFound } from '../../errors.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { loadStory } from '../message/queries.ts';
import { messageIdField } from '../message/route.ts';
import { messagePath } from '../messages/view.ts';
import { askModerator } from './ask-moderator.ts';
import { banLengthNames, endOf } from './lengths.ts';
import { loadBans, loadChanges } from './queries.ts';
import { bansPage } from './view.ts';

const MAX_PAGE = 1_000;
const NOT_YET = 'it has not answered yet. Bans shows when it has.';

const pageSchema = z.object({ page: z.coerce.number().int().min(1).max(MAX_PAGE).catch(1) });
const lengthFields = {
  length: z.enum(banLengthNames, 'must be one of those that the form has'),
  reason: z.string().max(MAX_BAN_REASON_LENGTH).default(''),
};

/** Who may not be heard in the chat. The moderator alone changes that; it is asked here. */
export const bansRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  const { clock, db, normaliseSender } = deps;

  app.get('/bans', { schema: { querystring: pageSchema } }, async (request, reply) => {
    const { page } = request.query;
    const [bans, history] = await Promise.all([loadBans(db, new Date()), loadChanges(db, page)]);
    const body = bansPage({ bans, ...history, page, session: sessionOf(request), clock });
    return reply.page({ title: 'Bans', section: '/bans', body });
  });

  app.post(
    '/bans',
    {
      config: { role: 'moderator' },
      schema: { body: z.object({ number: z.string().max(64), ...lengthFields }) },
    },
    async (request, reply) => {
      const { length, number, reason } = request.body;
      const sender = normaliseSender(number);
      if (!/\d{3}/.test(sender)) {
        throw new ConsoleError(400, 'That is no number', 'Go back and type it with its area code.');
      }
      const until = endOf(length, new Date());
      const masked = maskNumber(sender);
      const wish = { action: 'ban', sender, until: until?.toISOString() ?? null, reason } as const;
      const isDone = await askModerator(deps, sessionOf(request), wish, { target: masked, length });
      return reply.goTo('/bans', banned(masked, until, isDone));
    },
  );

  app.post(
    '/bans/:id/unban',
    { config: { role: 'moderator' }, schema: { params: z.object({ id: z.uuid() }) } },
    async (request, reply) => {
      const ban = (await loadBans(db, new Date())).find(({ id }) => id === request.params.id);
      if (ban === undefined) return reply.goTo('/bans', 'That ban is over already.');
      const masked = maskNumber(ban.sender);
      const wish = { action: 'unban', sender: ban.sender, until: null, reason: '' } as const;
      const isDone = await askModerator(deps, sessionOf(request), wish, { target: masked });
      const flash = isDone ? `Unbanned ${masked}.` : `The moderator was asked to unban ${masked}; ${NOT_YET}`;
      return reply.goTo('/bans', flash);
    },
  );

  app.post(
    '/messages/:id/ban',
    {
      config: { role: 'moderator' },
      schema: { params: z.object({ id: messageIdField() }), body: z.object(lengthFields) },
    },
    async (request, reply) => {
      const { id } = request.params;
      const story = await loadStory(db, id, normaliseSender);
      if (story === undefined) throw notFound('There is no message of that name');
      const senders = new Set(story.senders.map(normaliseSender));
      const [sender] = senders;
      if (sender === undefined) throw new ConsoleError(400, 'Nobody can be banned: it has no sender');
      if (senders.size > 1) {
        throw new ConsoleError(
          400,
          'Nobody was banned: messages of several senders have this id',
          'Ban the number that you mean, on the page Bans.',
        );
      }
      const { length, reason } = request.body;
      const until = endOf(length, new Date());
      const wish = {
        action: 'ban',
        wbor_message_id: id,
        until: until?.toISOString() ?? null,
        reason,
      } as const;
      const isDone = await askModerator(deps, sessionOf(request), wish, { target: id, length });
      return reply.goTo(messagePath(id), banned(maskNumber(sender), until, isDone));
    },
  );

  function banned(masked: string, until: Date | null, isDone: boolean): string {
    const ends = until === null ? 'for good' : `until ${clock.showTime(until)}`;
    return isDone
      ? `Banned ${masked} ${ends}.`
      : `The moderator was asked to ban ${masked} ${ends}; ${NOT_YET}`;
  }
};
