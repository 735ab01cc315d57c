import type { FastifyRequest } from 'fastify';

/** Whether a request carries the simulator's access token, in the header or in the query. */
export type HasToken = (request: FastifyRequest) => boolean;

export function createTokenCheck(token: string): HasToken {
  return (request) => {
    const { searchParams } = new URL(request.url, 'http://simulator');
    return [
      request.headers['x-access-token'],
      searchParams.get('token'),
      searchParams.get('access_token'),
    ].includes(token);
  };
}
