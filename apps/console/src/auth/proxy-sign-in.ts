import type { FastifyRequest } from 'fastify';
import { type RoleLists, roleOf } from './roles.ts';
import { cleanName, type Identity } from './who.ts';

/** @returns whom the proxy before us has let in; undefined when it says nothing, or of somebody without a role. */
export type ProxySignIn = (request: FastifyRequest) => Identity | undefined;

/**
 * Takes a proxy's word for who asks.
 *
 * @param options.isTrusted whether an address is one of the proxy; anybody else could send the same headers.
 */
export function createProxySignIn(options: {
  readonly userHeader: string;
  readonly groupsHeader: string;
  readonly isTrusted: (address: string, hop: number) => boolean;
  readonly roles: RoleLists;
}): ProxySignIn {
  return (request) => {
    if (!options.isTrusted(request.socket.remoteAddress ?? '', 0)) return undefined;
    const user = headerOf(request, options.userHeader);
    if (user === '') return undefined;
    const groups = headerOf(request, options.groupsHeader)
      .split(',')
      .map((group) => group.trim());
    const role = roleOf([user, ...groups], options.roles);
    if (role === undefined) return undefined;
    return { subject: `proxy:${user}`, name: cleanName(user, 'somebody'), role, way: 'proxy' };
  };
}

/** A header that came twice was not made by one proxy. */
function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim().slice(0, 1_000) : '';
}
