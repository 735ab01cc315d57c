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
  /** Undefined: the proxy tells no groups, and none that somebody sends counts. */
  readonly groupsHeader: string | undefined;
  readonly isTrusted: (address: string, hop: number) => boolean;
  readonly roles: RoleLists;
}): ProxySignIn {
  return (request) => {
    if (!options.isTrusted(request.socket.remoteAddress ?? '', 0)) return undefined;
    const user = headerOf(request, options.userHeader);
    if (user === '') return undefined;
    const { groupsHeader } = options;
    const groups = groupsHeader === undefined ? '' : headerOf(request, groupsHeader);
    const role = roleOf([user, ...groups.split(',').map((group) => group.trim())], options.roles);
    if (role === undefined) return undefined;
    return { subject: `proxy:${user}`, name: cleanName(user, 'somebody'), role, way: 'proxy' };
  };
}

/** A header that came twice is not the proxy's alone: it has added its own to what somebody sent. Then neither counts. */
function headerOf({ raw }: FastifyRequest, name: string): string {
  const [value, ...more] = raw.headersDistinct[name] ?? [];
  return value === undefined || more.length > 0 ? '' : value.trim().slice(0, 1_000);
}
