import { createHash } from 'node:crypto';
import type { ParkedMessage } from '@wbor/parked';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { mayActAs } from '../../auth/roles.ts';
import type { Session } from '../../auth/session-store.ts';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError, notFound } from '../../errors.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import {
  type Carried,
  createParked,
  type ParkedFacts,
  type ParkedLog,
  type ParkedRef,
  parkedQueues,
} from './parked.ts';
import { listPage, messagePage, parkedPath } from './view.ts';

const OPERATOR = { role: 'operator' } as const;
const MAX_AT_ONCE = 1_000;
/** An id has 128 characters, of two units each, perhaps. */
const MAX_NAME_LENGTH = 300;

const refSchema = z
  .string()
  .max(MAX_NAME_LENGTH + 50)
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

  /** @param more what else there is to say of a message. */
  function logFor(
    session: Session,
    action: string,
    more: (message: ParkedMessage) => Readonly<Record<string, string>> = () => ({}),
  ): ParkedLog {
    return {
      begin: (message) => actions.add(session, describe(action, message, more(message))),
      fail: (message, why) => actions.add(session, describe('parked.failed', message, { of: action, why })),
    };
  }

  app.get('/parked', async (request, reply) =>
    reply.page({
      title: 'Parked',
      section: '/parked',
      body: listPage(await parked.list(), sessionOf(request), clock),
    }),
  );

  app.get(
    '/parked/:queue/:name',
    { schema: { params: z.object({ queue: z.enum(parkedQueues), name: z.string().max(MAX_NAME_LENGTH) }) } },
    async (request, reply) => {
      const message = await parked.find(request.params);
      if (message === undefined) throw notFound('This message is parked no more');
      const session = sessionOf(request);
      // They see the body, with the words and numbers in it.
      if (mayActAs(session.role, OPERATOR.role)) await actions.add(session, describe('parked.show', message));
      return reply.page({
        title: 'A parked message',
        section: '/parked',
        body: messagePage(message, request.params, session, clock),
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
        const carried = await parked.carryOut(refs, verdict, logFor(session, `parked.${verdict}`));
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
      const edited = Buffer.from(body);
      const log = logFor(sessionOf(request), 'parked.edit', ({ content }) => ({
        before: sha256(content),
        after: sha256(edited),
      }));
      const carried = await parked.carryOut([ref], { replayAs: edited }, log);
      const [failure] = carried.failures;
      return reply.goTo(
        failure === undefined ? '/parked' : parkedPath(ref),
        summary(carried, 'replayed with your words'),
      );
    },
  );
};

function describe(
  action: string,
  { id, queue, reason, wborMessageId }: ParkedFacts,
  more: Readonly<Record<string, string>> = {},
) {
  return { action, target: wborMessageId ?? id, detail: { queue, reason, ...more } };
}

/** What was there can be told from it, and no word of it read. */
function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function faultOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function summary({ done, failures }: Carried, what: string): string {
  const count = done === 1 ? '1 message was' : `${done} messages were`;
  const why = failures.map(({ id, why: reason }) => ` ${id} was not: ${reason}.`).join('');
  return `${count} ${what}.${why}`;
}
