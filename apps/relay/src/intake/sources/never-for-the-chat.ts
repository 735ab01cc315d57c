import type { IgnoredSource } from './source.ts';

/**
 * What the station's programs tell each other. Nobody binds our queue to it on purpose; a wide pattern in
 * `NOTIFICATION_KEYS` does.
 */
export const neverForTheChat: readonly IgnoredSource[] = [
  { key: 'health.#', ignored: true },
  { key: 'command.#', ignored: true },
];
