import type { FastifyInstance } from 'fastify';

/**
 * Nothing runs and nothing is loaded but from here, and pictures from where GroupMe keeps them: words, names and addresses of
 * strangers can do nothing on a page, whatever they are.
 */
export function addSecurityHeaders(app: FastifyInstance, pictureOrigins: readonly string[]): void {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${pictureOrigins.join(' ')}`.trimEnd(),
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    done();
  });
}
