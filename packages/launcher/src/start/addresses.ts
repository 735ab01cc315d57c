import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How to reach what `npm start` has started. */
export interface Addresses {
  readonly brokerUrl: string;
  readonly gatewayUrl: string;
  /** A picture for listeners to send. */
  readonly pictureUrl: string;
}

const fileIn = (dataDir: string): string => join(dataDir, 'addresses.json');

/** Writes them down for `npm run fixture`. Returns what takes them away again. */
export function writeAddresses(dataDir: string, addresses: Addresses): () => Promise<void> {
  const file = fileIn(dataDir);
  // Nobody else's business: the broker's address may have a password.
  writeFileSync(file, JSON.stringify(addresses), { mode: 0o600 });
  return async () => rmSync(file, { force: true });
}

/** Undefined when nothing is started with this folder. */
export function readAddresses(dataDir: string): Addresses | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Addresses;
  } catch {
    return undefined;
  }
}
