import type { FastifyInstance } from 'fastify';
import { isPicturePath, type Pictures } from '../pictures.ts';
import { envelope, type Serve } from './serve.ts';
import type { HasToken } from './token.ts';

/** The image service: upload, and the pictures with their variants. */
export function registerPictures(
  app: FastifyInstance,
  { pictures, serve, hasToken }: { pictures: Pictures; serve: Serve; hasToken: HasToken },
): void {
  app.post('/pictures', (request, reply) =>
    serve('pictures', request, reply, () => {
      if (!hasToken(request)) return envelope(401, 'unauthorized');
      // Bytes it must be: a form is what GroupMe's service was seen to fail at.
      if (request.headers['content-type']?.startsWith('multipart/'))
        return envelope(500, 'internal server error');
      if (!Buffer.isBuffer(request.body) || request.body.length === 0) return envelope(400, 'no picture');
      // The host that the client used is one at which it can fetch the picture, too.
      const url = `http://${request.headers.host}${pictures.store(request.body)}`;
      return { status: 200, body: { payload: { url, picture_url: url } } };
    }),
  );

  // For the chat page, which must not show up among the requests that it shows.
  app.get<{ Params: { picture: string } }>('/_simulator/pictures/:picture', (request, reply) => {
    const picture = pictures.find(`/${request.params.picture}`);
    return picture === undefined
      ? reply.code(404).send()
      : reply.type(picture.contentType).send(picture.bytes);
  });

  app.get('/:picture', (request, reply) => {
    const { pathname } = new URL(request.url, 'http://simulator');
    const isVariant = /\.(?:preview|large|avatar)$/.test(pathname);
    return serve(isVariant ? 'preview' : null, request, reply, () => {
      const picture = isPicturePath(pathname) ? pictures.find(pathname) : undefined;
      return picture === undefined
        ? { status: 404 }
        : { status: 200, body: picture.bytes, contentType: picture.contentType };
    });
  });
}
