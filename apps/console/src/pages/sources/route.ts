import { PublishError } from '@wbor/amqp';
import { sourceSchema, standardKey, standardMessage } from '@wbor/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import type { PageDeps } from '../../deps.ts';
import { ConsoleError } from '../../errors.ts';
import type { HealthWatch } from '../../health/look.ts';
import { sessionOf } from '../../plugins/sessions.ts';
import { loadSources } from './queries.ts';
import { readTokens } from './tokens.ts';
import { sourcesPage } from './view.ts';

const sentSchema = z.object({ sent: z.uuid().optional().catch(undefined) });

/** Who sends messages, how many, and who has fallen silent. */
export const sourcesRoutes: FastifyPluginAsyncZod<{
  readonly deps: PageDeps;
  readonly health: HealthWatch;
}> = async (app, { deps, health }) => {
  app.get('/sources', { schema: { querystring: sentSchema } }, async (request, reply) => {
    const sources = await loadSources(deps.db);
    const options = {
      clock: deps.clock,
      session: sessionOf(request),
      now: new Date(),
      tokens: readTokens(health.sights),
      sent: request.query.sent,
    };
    return reply.page({ title: 'Sources', section: '/sources', body: sourcesPage(sources, options) });
  });

  app.post(
    '/sources/test',
    { config: { role: 'operator' }, schema: { body: z.object({ source: sourceSchema }) } },
    async (request, reply) => {
      const { source } = request.body;
      const session = sessionOf(request);
      const id = uuid();
      const broker = deps.broker();
      await deps.actions.add(session, { action: 'source.test', target: id, detail: { source } });
      const body = `Test of ${source} from the console by ${session.name}`;
      try {
        await broker.publish(
          standardMessage,
          { body, source, wbor_message_id: id, format: 'quoted' },
          { key: standardKey(source), messageId: id },
        );
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        throw new ConsoleError(
          503,
          'The broker did not take the test',
          'It may have been sent all the same. Look at Messages.',
          {
            cause: error,
          },
        );
      }
      return reply.goTo(`/sources?sent=${id}`);
    },
  );
};
