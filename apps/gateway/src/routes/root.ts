import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';

/** `GET /`: the process answers HTTP. Says nothing about the broker; `/readyz` on the health port does. */
export const rootRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.type('text/plain').send('OK'));
};
