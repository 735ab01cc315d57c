/** A promise broken on purpose, in a copy of the sources. */
export interface Sabotage {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Must be in the file exactly once. */
  readonly find: string;
  readonly replacement: string;
  /** What the checker must say, as one of its failures at least. */
  readonly caughtBy: RegExp;
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'drop an ack now and then',
    file: 'apps/relay/src/intake/intake.ts',
    find: "delivery.ack();\n    metrics.received.inc({ queue, result: 'planned' });",
    replacement:
      "if (Math.random() > 0.1) delivery.ack();\n    metrics.received.inc({ queue, result: 'planned' });",
    caughtBy: /queues had not emptied/,
  },
  {
    name: 'answer /send before the broker has confirmed',
    file: 'apps/gateway/src/routes/send.ts',
    find: 'await take(',
    replacement: 'void (async (...message: Parameters<typeof take>) => take(...message).catch(() => {}))(',
    caughtBy: /messages lost/,
  },
  {
    name: 'swap parts',
    file: 'apps/relay/src/delivery/post-part.ts',
    find: 'planned.parts[number - 1]',
    replacement: 'planned.parts[planned.parts.length - number]',
    caughtBy: /out of order/,
  },
  {
    name: 'lose one audit row',
    file: 'apps/audit-logger/src/store/insert-all.ts',
    find: 'target.table === table ? [target.row as EventRow<Table>] : []',
    replacement: `target.table !== table ? []
          : process.uptime() > 10 && table === 'groupme_posts' && process.env.LOST === undefined
            ? ((process.env.LOST = 'one'), [])
            : [target.row as EventRow<Table>]`,
    caughtBy: /posts without a row/,
  },
  {
    name: 'repeat a post without looking for evidence',
    file: 'apps/relay/src/delivery/post-part.ts',
    find: 'await options.observer.observe(entry, lost)',
    replacement: "(lost.aborted ? undefined : ('absent' as Observation))",
    caughtBy: /posts repeated/,
  },
  {
    name: 'let the SDK post although the relay has said that it posts',
    file: 'packages/producer/src/routes/amqp.ts',
    find: "words.find(({ status }) => status !== 'posting')",
    replacement:
      "words.map((word) => (word.status === 'posting' ? { ...word, status: 'failed', code: 408 } : word))[0]",
    caughtBy: /posts repeated/,
  },
  {
    name: 'let the SDK forget its spool when it starts',
    file: 'packages/producer/src/spool/spool-file.ts',
    find: 'entry.onDisk = true;\n      if (isSettled(entry)) entries.delete(id);',
    replacement: 'entry.onDisk = true;\n      entries.delete(id);',
    caughtBy: /messages lost/,
  },
];
