import apiReference from '@scalar/fastify-api-reference';
import { type FastifyInstance, fastify } from 'fastify';

/**
 * Serves the page at `/reference` and its script, 5 MB that are in the bundle as in the npm package. An app of its own: it is made when
 * somebody first asks, and no plugin may be added to an app that listens.
 */
export async function createReferencePage(nonce: string): Promise<FastifyInstance> {
  const page = fastify();
  await page.register(apiReference, {
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
  await page.ready();
  return page;
}
