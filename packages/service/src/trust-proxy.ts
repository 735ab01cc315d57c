import { isIP } from 'node:net';
import { z } from 'zod';

const NAMED_RANGES: readonly string[] = ['loopback', 'linklocal', 'uniquelocal'];

/** `TRUST_PROXY`: the proxies whose headers count, none by default. */
export function trustProxySetting(description: string) {
  return z
    .string()
    .transform((value, context) => {
      const { proxies, faults } = parseTrustProxy(value);
      for (const fault of faults) context.addIssue({ code: 'custom', message: fault });
      return proxies;
    })
    .default([])
    .describe(description);
}

/**
 * Parses `TRUST_PROXY`: comma-separated addresses, CIDRs and named ranges, in fastify's form.
 *
 * A hop count is refused: fastify 5.12 then ignores X-Forwarded-For, so that all clients would share the
 * proxy's rate limit. `true` is refused too: it believes what a client writes into the header.
 */
export function parseTrustProxy(value: string): { proxies: string[]; faults: string[] } {
  const proxies: string[] = [];
  const faults: string[] = [];
  for (const entry of value.split(',').map((item) => item.trim())) {
    if (entry === '') continue;
    if (NAMED_RANGES.includes(entry) || isRange(entry)) proxies.push(entry);
    else faults.push(explain(entry));
  }
  return { proxies, faults };
}

function isRange(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128);
}

function explain(entry: string): string {
  const forms = `name the proxy's address or CIDR, for example 10.0.0.0/8, or ${NAMED_RANGES.join(', ')}`;
  if (/^\d+$/.test(entry)) return `holds the bare number ${entry}: counting hops is not supported; ${forms}`;
  if (entry === 'true') return `is true: trusting everybody lets callers forge their address; ${forms}`;
  return `holds "${entry}", which is no address, CIDR or range name; ${forms}`;
}
