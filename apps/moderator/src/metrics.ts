import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type ModeratorMetrics = ReturnType<typeof createMetrics>;

/** Registers the service's metrics. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  return {
    commands: new Counter({
      name: 'moderator_commands_total',
      help: 'Commands from the chat, by name and by what came of them; duplicates are copies of one callback.',
      labelNames: ['command', 'result'],
      registers,
    }),
    forged: new Counter({
      name: 'moderator_forged_total',
      help: 'Commands from an unauthorised sender, which were ignored.',
      registers,
    }),
    parked: new Counter({
      name: 'moderator_parked_total',
      help: 'Invalid callbacks, which were put into moderator.parked.',
      registers,
    }),
    seconds: new Histogram({
      name: 'moderator_command_seconds',
      help: 'From taking a command to its commit.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    }),
    waiting: new Gauge({
      name: 'moderator_outbox_waiting',
      help: 'Messages that are committed and not yet published, as of the last try.',
      registers,
    }),
    foreignBanLists: new Counter({
      name: 'moderator_foreign_ban_lists_total',
      help: 'Ban lists on the exchange that no moderator has published.',
      registers,
    }),
    banListVersion: new Gauge({
      name: 'moderator_ban_list_version',
      help: 'Version of the ban list that was published last.',
      registers,
    }),
  };
}
