import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

/** The files of the chat page, as they lie beside the sources: there is nothing to build. */
const FILES = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/_simulator/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/_simulator/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/_simulator/messages.js', file: 'messages.js', type: 'text/javascript; charset=utf-8' },
  { path: '/_simulator/panel.js', file: 'panel.js', type: 'text/javascript; charset=utf-8' },
] as const;

/** Whatever a message says, the page loads nothing from elsewhere and runs nothing inline. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";

export function registerPage(app: FastifyInstance): void {
  for (const { path, file, type } of FILES) {
    const content = readFileSync(new URL(`../page/${file}`, import.meta.url));
    app.get(path, (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'no-cache')
        .header('content-security-policy', CONTENT_SECURITY_POLICY)
        .send(content),
    );
  }
}
