import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Assets } from '../assets.ts';
import { type Html, render } from '../html.ts';
import { type Page, renderPage } from '../layout/page.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with a whole page. */
    page(page: Page): FastifyReply;
    /** Answers with a piece for htmx to put into one. */
    piece(piece: Html): FastifyReply;
    /** Leads on to another page of ours, which says this once at its top. */
    goTo(path: string, flash?: string): FastifyReply;
  }
}

const FLASH_COOKIE = 'wbor-console-flash';
/** In a cookie, where a browser takes 4 KB with all that is around it. */
const MAX_FLASH_BYTES = 3_000;
const HTML = 'text/html; charset=utf-8';

/** What a cookie can hold of a text, which may quote a stranger's: never half a character. */
export function fitFlash(text: string): string {
  let fit = '';
  let bytes = 0;
  for (const character of text) {
    const whole = character.toWellFormed();
    bytes += encodeURIComponent(whole).length;
    if (bytes > MAX_FLASH_BYTES) return `${fit} …`;
    fit += whole;
  }
  return fit;
}

export function addPages(
  app: FastifyInstance,
  options: { readonly assets: Assets; readonly timeZone: string },
) {
  const { assets, timeZone } = options;

  app.decorateReply('page', function page(this: FastifyReply, content) {
    const flash = this.request.cookies[FLASH_COOKIE];
    if (flash !== undefined) this.clearCookie(FLASH_COOKIE, { path: '/' });
    const { session } = this.request;
    const assetPath = (name: keyof Assets): string => assets[name].path;
    return this.type(HTML).send(renderPage(content, { session, timeZone, flash, assetPath }));
  });

  app.decorateReply('piece', function piece(this: FastifyReply, content) {
    return this.type(HTML).send(render(content));
  });

  app.decorateReply('goTo', function goTo(this: FastifyReply, path, flash) {
    if (flash !== undefined) {
      this.setCookie(FLASH_COOKIE, fitFlash(flash), {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        maxAge: 60,
      });
    }
    return this.redirect(path, 303);
  });

  const served = new Map(Object.values(assets).map((asset) => [asset.path, asset]));
  for (const [path, { brotli, gzip, plain, type }] of served) {
    app.get(path, { config: { role: 'public', rateLimit: false } }, async (request, reply) => {
      const accepted = String(request.headers['accept-encoding'] ?? '');
      reply
        .type(type)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('vary', 'accept-encoding');
      if (/\bbr\b/.test(accepted)) return reply.header('content-encoding', 'br').send(brotli);
      if (/\bgzip\b/.test(accepted)) return reply.header('content-encoding', 'gzip').send(gzip);
      return reply.send(plain);
    });
  }
}
