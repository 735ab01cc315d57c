import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { GatewayError } from '../errors.ts';

/**
 * `GET /openapi.json`, and a page at `/reference` that shows it.
 *
 * The page's script would fetch fonts and more from its maker; the content security policy keeps the browser on this
 * server. It is more than all else that the gateway loads, so it is loaded when somebody first asks for the page.
 */
export const referenceRoutes: FastifyPluginAsyncZod = async (app) => {
  const nonce = randomBytes(16).toString('base64');
  let loading: ReturnType<typeof loadPage> | undefined;
  const loadPage = async () => (await import('./reference-page.ts')).createReferencePage(nonce);

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
  });

  async function showPage(request: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
    loading ??= loadPage();
    const answer = await (await loading).inject({
      method: 'GET',
      url: request.url,
      headers: { host: request.hostname },
    });
    const { location, 'content-type': type } = answer.headers;
    if (typeof location === 'string') reply.header('location', location);
    // Five megabytes that change with a release only.
    if (String(type).includes('javascript')) reply.header('cache-control', 'public, max-age=3600');
    reply.code(answer.statusCode).header('content-type', type);
    return answer.rawPayload;
  }

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/reference', { schema: { hide: true } }, showPage);
  app.get('/reference/*', { schema: { hide: true } }, showPage);
};
