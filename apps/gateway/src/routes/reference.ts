import { randomBytes } from 'node:crypto';
import apiReference from '@scalar/fastify-api-reference';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { GatewayError } from '../errors.ts';

/**
 * `GET /openapi.json`, and a page at `/reference` that shows it.
 *
 * The page's script is inside the npm package and so inside the bundle. It would still fetch fonts and more
 * from its maker; the content security policy keeps the browser on this server.
 */
export const referenceRoutes: FastifyPluginAsyncZod = async (app) => {
  const nonce = randomBytes(16).toString('base64');
  app.addHook('onRequest', async (request, reply) => {
    // The page's plugin builds a URL of the Host header, which callers may fill with anything.
    if (!URL.canParse(`http://${request.hostname}`)) {
      throw new GatewayError(400, 'REFUSED', 'the Host header is no host name');
    }
    reply.header(
      'content-security-policy',
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'unsafe-inline'; connect-src 'self'; ` +
        "img-src 'self' data: blob:; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
    );
    // Five megabytes that change with a release only.
    if (request.routeOptions.url?.endsWith('.js')) reply.header('cache-control', 'public, max-age=3600');
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(apiReference, {
    routePrefix: '/reference',
    configuration: {
      url: '../openapi.json',
      pageTitle: 'WBOR gateway',
      nonce,
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
};
