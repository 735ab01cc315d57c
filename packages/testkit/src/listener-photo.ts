import { readFileSync } from 'node:fs';

/** A JPEG, 640 by 420, as a listener's telephone sends it. */
export function listenerPhoto(): Buffer {
  return readFileSync(new URL('../assets/listener-photo.jpg', import.meta.url));
}
