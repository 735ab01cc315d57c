import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AllowHostsError, ImageError } from './errors.ts';

/**
 * Says which addresses the relay may fetch pictures from. Producers name the address, so without it the
 * relay would read for them what only the relay can reach: cloud metadata, the broker, a printer.
 */
export interface Guard {
  /**
   * Parses an address and refuses what can be refused without a look-up.
   *
   * @throws ImageError `BAD_URL` or `ADDRESS_REFUSED`.
   */
  parseUrl(url: string, base?: URL): URL;
  /**
   * Whether a socket to this address and port may be opened for this host name (or address literal).
   * To be asked about every address that a name resolves to.
   */
  mayConnect(target: { hostname: string; address: string; port: number }): boolean;
}

/** Longer addresses than any real media URL, signatures included. */
const MAX_URL_LENGTH = 8192;

const WEB_PORTS = [80, 443];

/**
 * Public addresses that mean something else inside a cloud: Azure's host, and the networks of IBM Cloud's own services.
 * The other metadata addresses that are documented are link-local, shared (100.100.100.200), reserved (192.0.0.192) or
 * unique local (fd00:ec2::254), and so never public.
 */
const CLOUD_RANGES = ['168.63.129.16/32', '161.26.0.0/16', '166.8.0.0/14'].map((range) =>
  ipaddr.parseCIDR(range),
);

/** Names of metadata services, refused without a look-up. */
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
  'metadata.azure.com',
  'metadata.tencentyun.com',
  'metadata.oraclecloud.com',
  'metadata.digitalocean.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'rancher-metadata',
]);

/** Names that are never public, whatever they resolve to: those of private networks, and those without a dot. */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa|svc)$|^[^.:]+$/;

/**
 * Builds the guard. Without exemptions only public unicast addresses on ports 80 and 443 pass.
 *
 * @param allowHosts What is exempt from both rules: host names (`media.example.org`, exact, no wildcard),
 * addresses (`127.0.0.1`, `::1`) or ranges (`10.1.0.0/16`). A name is exempt wherever it resolves to; an
 * address or range is exempt as a literal in the URL and as the result of a look-up. Ports are not part of
 * an entry.
 * @throws AllowHostsError when an entry is none of these.
 */
export function buildGuard(allowHosts: readonly string[]): Guard {
  const names = new Set<string>();
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const entry of allowHosts.filter((text) => text.trim() !== '')) {
    const range = parseRange(entry);
    if (range === undefined) names.add(parseName(entry));
    else ranges.push(range);
  }

  function mayConnect(target: { hostname: string; address: string; port: number }): boolean {
    if (names.has(normaliseName(target.hostname))) return true;
    if (isIP(target.address) === 0) return false;
    // `process` turns `::ffff:127.0.0.1` into 127.0.0.1.
    const address = ipaddr.process(target.address);
    if (ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))) {
      return true;
    }
    return WEB_PORTS.includes(target.port) && isPublic(address) && !isPrivateName(target.hostname);
  }

  function parseUrl(text: string, base?: URL): URL {
    // The WHATWG parser turns 2130706433, 0x7f.1, 127.1 and full-width digits into plain addresses.
    const url = text.length > MAX_URL_LENGTH ? null : URL.parse(text, base?.href);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new ImageError('BAD_URL', 'has no valid web address');
    }
    if (url.username !== '' || url.password !== '') {
      throw new ImageError('BAD_URL', 'has a web address with a user name or password in it');
    }
    // undici and node never look up literals, so this is the only place that sees them.
    const literal = literalOf(url.hostname);
    const target = { hostname: url.hostname, port: portOf(url) };
    if (literal !== undefined && !mayConnect({ ...target, address: literal })) throw addressRefused();
    const name = normaliseName(url.hostname);
    if (METADATA_NAMES.has(name) && !names.has(name)) throw addressRefused();
    return url;
  }

  return { parseUrl, mayConnect };
}

export function addressRefused(): ImageError {
  return new ImageError('ADDRESS_REFUSED', 'is at an address that the relay must not fetch from');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function literalOf(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false;
  if (
    CLOUD_RANGES.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  ) {
    return false;
  }
  // All of IPv6 outside 2000::/3 is reserved or special. The library calls it unicast, the deprecated
  // `::127.0.0.1` included.
  return address.kind() === 'ipv4' || address.match(ipaddr.parse('2000::'), 3);
}

function isPrivateName(hostname: string): boolean {
  const name = normaliseName(hostname);
  return METADATA_NAMES.has(name) || (literalOf(name) === undefined && PRIVATE_NAME.test(name));
}

function normaliseName(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}

function parseName(entry: string): string {
  const url = URL.parse(`http://${entry.trim()}/`);
  const name = normaliseName(url?.hostname ?? '');
  // Anything that the parser read as port, path or user would be dropped silently otherwise.
  if (
    name === '' ||
    literalOf(name) !== undefined ||
    name !== normaliseName(entry.trim()) ||
    /[*,\s]/.test(name)
  ) {
    throw new AllowHostsError(`${JSON.stringify(entry)} is neither a host name nor an address nor a range`);
  }
  return name;
}

function parseRange(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  const [address = '', bits, ...rest] = entry.trim().split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return undefined;
  const width = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : Number(bits);
  if (rest.length > 0 || bits === '' || !(Number.isInteger(prefix) && prefix >= 0 && prefix <= width)) {
    throw new AllowHostsError(`${JSON.stringify(entry)} is not a range`);
  }
  return [ipaddr.parse(address), prefix];
}
