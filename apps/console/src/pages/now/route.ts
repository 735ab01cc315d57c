import { queueName } from '@wbor/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { PageDeps } from '../../deps.ts';
import type { HealthWatch } from '../../health/look.ts';
import { keep } from '../../keep.ts';
import type { LiveFeed } from '../../live/live-feed.ts';
import { parkedQueues } from '../parked/parked.ts';
import { loadSources } from '../sources/queries.ts';
import { listNeeds, type ParkedCounts } from './needs.ts';
import { liveList, nowBoard, nowPage } from './view.ts';

export interface NowOptions {
  readonly deps: PageDeps;
  readonly feed: LiveFeed;
  readonly health: HealthWatch;
}

/** Two hundred browsers of one address, each of which asks every few seconds. */
const BACKGROUND = { rateLimit: { max: 4_000, timeWindow: 60_000 }, isBackground: true } as const;
/** Browsers that may watch at once; more would be somebody's mistake. */
const MAX_VIEWERS = 200;
/** So old may be what all who look are shown of the database and the broker. */
const KEPT_MS = 3_000;
const KEPT_SOURCES_MS = 60_000;

/** What goes through, how everything is, and what needs somebody. */
export const nowRoutes: FastifyPluginAsyncZod<NowOptions> = async (app, { deps, feed, health }) => {
  const countParked = keep(KEPT_MS, async (): Promise<ParkedCounts> => {
    const broker = deps.broker();
    // It would wait for a connection, and whoever looks is to be told now.
    if (broker.reason !== undefined) return undefined;
    const facts = await broker.inspectQueues(parkedQueues.map((name) => queueName({ name }, deps.namespace)));
    return new Map(parkedQueues.map((name, index) => [name, facts[index]?.messageCount ?? 0]));
  });
  const sources = keep(KEPT_SOURCES_MS, () => loadSources(deps.db));

  async function board() {
    const [parked, known] = await Promise.all([countParked.ask().catch(() => undefined), sources.ask()]);
    const { sights } = health;
    const { messages } = feed;
    return nowBoard(listNeeds({ sights, parked, sources: known, messages, now: new Date() }), sights);
  }

  app.get('/', async (_request, reply) =>
    reply.page({
      title: 'Now',
      section: '/',
      body: nowPage(await board(), liveList(feed.messages, deps.clock)),
    }),
  );

  app.get('/now/board', { config: BACKGROUND }, async (_request, reply) => reply.piece(await board()));

  app.get('/live', { config: BACKGROUND }, (_request, reply) => {
    if (feed.viewers >= MAX_VIEWERS) return reply.code(503).header('retry-after', '30').send();
    reply.hijack();
    const headers = reply.getHeaders() as Record<string, string>;
    reply.raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    feed.watch(reply.raw, () => reply.isAllowedStill());
    return reply;
  });
};
