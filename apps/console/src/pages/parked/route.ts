import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError, notFound } from '../../errors.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { type Carried, createParked, type ParkedRef, parkedQueues } from './parked.ts';
import { listPage, messagePage, parkedPath } from './view.ts';

const OPERATOR = { role: 'operator' } as const;
const MAX_AT_ONCE = 1_000;

const refSchema = z
  .string()
  .max(300)
  .transform((value, context): ParkedRef => {
    const [queue, name = ''] = value.split(' ', 2);
    const known = parkedQueues.find((it) => it === queue);
    if (known !== undefined && name !== '') return { queue: known, name };
    context.addIssue({ code: 'custom', message: 'names no parked message' });
    return z.NEVER;
  });
/** One that is ticked comes as a text, several as a list. */
const refsSchema = z.object({
  ref: z.union([refSchema.transform((ref) => [ref]), z.array(refSchema).max(MAX_AT_ONCE)]).default([]),
});

/** What waits for a person: to be looked at, edited, replayed, discarded. */
export const parkedRoutes: FastifyPluginAsyncZod<{ readonly deps: PageDeps }> = async (app, { deps }) => {
  const { actions, clock } = deps;
  const parked = createParked(deps.broker, deps.namespace);

  app.get('/parked', async (request, reply) =>
    reply.page({
      title: 'Parked',
      section: '/parked',
      body: listPage(await parked.list(), sessionOf(request), clock),
    }),
  );

  app.get(
    '/parked/:queue/:name',
    { schema: { params: z.object({ queue: z.enum(parkedQueues), name: z.string().max(256) }) } },
    async (request, reply) => {
      const message = await parked.find(request.params);
      if (message === undefined) throw notFound('This message is parked no more');
      return reply.page({
        title: 'A parked message',
        section: '/parked',
        body: messagePage(message, request.params, sessionOf(request), clock),
      });
    },
  );

  for (const verdict of ['replay', 'discard'] as const) {
    app.post(
      `/parked/${verdict}`,
      { config: OPERATOR, schema: { body: refsSchema } },
      async (request, reply) => {
        const session = sessionOf(request);
        const refs = request.body.ref;
        if (refs.length === 0) return reply.goTo('/parked', 'Nothing was ticked, so nothing was done.');
        const carried = await parked.carryOut(refs, verdict, ({ id, queue, reason, wborMessageId }) =>
          actions.add(session, {
            action: `parked.${verdict}`,
            target: wborMessageId ?? id,
            detail: { queue, reason },
          }),
        );
        return reply.goTo('/parked', summary(carried, verdict === 'replay' ? 'replayed' : 'discarded'));
      },
    );
  }

  app.post(
    '/parked/edit',
    { config: OPERATOR, schema: { body: z.object({ ref: refSchema, body: z.string() }) } },
    async (request, reply) => {
      const { body, ref } = request.body;
      const fault = faultOf(body);
      if (fault !== undefined)
        throw new ConsoleError(400, `This is not JSON: ${fault}`, 'Go back, your words are still there.');
      const carried = await parked.carryOut(
        [ref],
        { replayAs: Buffer.from(body) },
        ({ id, queue, wborMessageId }) =>
          actions.add(sessionOf(request), {
            action: 'parked.edit',
            target: wborMessageId ?? id,
            detail: { queue },
          }),
      );
      const [failure] = carried.failures;
      return reply.goTo(
        failure === undefined ? '/parked' : parkedPath(ref),
        summary(carried, 'replayed with your words'),
      );
    },
  );
};

function faultOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function summary({ done, failures }: Carried, what: string): string {
  const count = done.length === 1 ? '1 message was' : `${done.length} messages were`;
  const why = failures.map(({ message, why: reason }) => ` ${message.id} was not: ${reason}.`).join('');
  return `${count} ${what}.${why}`;
}
