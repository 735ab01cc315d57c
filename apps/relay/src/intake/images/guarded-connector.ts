import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { addressRefused, type Guard } from './guard.ts';

/** All addresses of a name. */
export type Lookup = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

/**
 * A connector whose look-ups pass the guard. The socket connects to exactly the addresses that were checked,
 * so a name that resolves differently a moment later gains nothing.
 */
export function buildGuardedConnector(
  guard: Guard,
  lookup: Lookup,
  timeoutMs: number,
): buildConnector.connector {
  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    const mayConnect = (address: string) => guard.mayConnect({ hostname: target.hostname, address, port });

    // Literals are not looked up; the URL was checked, and this guards against a path that forgot to.
    if (isIP(target.hostname) !== 0 && !mayConnect(target.hostname)) {
      callback(addressRefused(), null);
      return;
    }

    const guardedLookup: LookupFunction = (hostname, lookupOptions, done) => {
      lookup(hostname).then(
        (addresses) => {
          const [first] = addresses;
          // One private address among public ones is an attack or a mistake; neither deserves a connection.
          if (!addresses.every(({ address }) => mayConnect(address))) done(addressRefused(), '', 0);
          else if (first === undefined) done(new Error('the name has no address'), '', 0);
          else if (lookupOptions.all) done(null, [...addresses]);
          else done(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => done(error, '', 0),
      );
    };
    buildConnector({ allowH2: false, timeout: timeoutMs, lookup: guardedLookup })(target, callback);
  };
}
