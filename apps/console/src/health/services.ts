/** A service whose health is looked at. */
export interface WatchedService {
  readonly name: string;
  /** Of its health port, without a path. */
  readonly url: string;
}

/** Reads `relay=http://relay:2001,gateway=http://gateway:2002`. */
export function parseServices(value: string): { services: WatchedService[]; faults: string[] } {
  const services: WatchedService[] = [];
  const faults: string[] = [];
  for (const entry of value.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const at = entry.indexOf('=');
    const name = entry.slice(0, at).trim();
    const url = URL.parse(entry.slice(at + 1).trim());
    if (at < 1 || url === null || !/^https?:$/.test(url.protocol)) {
      faults.push(
        `must look like relay=http://relay:2001, separated by commas, and one is ${JSON.stringify(entry)}`,
      );
    } else services.push({ name, url: url.origin });
  }
  return { services, faults };
}
