import type { Verdict } from './check.ts';
import type { ChaosFacts } from './facts.ts';
import { describeTrouble, type ScheduledFault } from './schedule.ts';
import type { ChaosResult } from './types.ts';

const SHOWN_EXAMPLES = 5;

/** One line: when, what, how long. */
export function describeFault({ number, durationMs, trouble }: ScheduledFault): string {
  return `#${number} ${describeTrouble(trouble)} for ${(durationMs / 1000).toFixed(1)} s`;
}

/** The whole schedule, one line a fault. */
export function describeSchedule(schedule: readonly ScheduledFault[]): string[] {
  return schedule.map((fault) => `${(fault.atMs / 1000).toFixed(1).padStart(7)} s  ${describeFault(fault)}`);
}

/** What a person reads in the end. */
export function reportLines(
  { verdict, facts, logsFolder }: ChaosResult,
  seed: number,
  minutes: number,
): string[] {
  const lines = [
    '',
    ...resultRows(verdict, facts).map(([what, value]) => `  ${what.padEnd(44)} ${value}`),
    '',
    '  process        memory at start, at the end (MiB)   up (s)',
    ...facts.memory.map(
      ({ process, startMiB, endMiB, uptimeSeconds }) =>
        `  ${process.padEnd(14)} ${String(startMiB ?? '?').padStart(8)} ${String(endMiB ?? '?').padStart(8)} ${String(uptimeSeconds).padStart(25)}`,
    ),
    '',
    ...exampleLines(verdict, facts),
  ];
  if (logsFolder !== undefined) lines.push(`  logs and facts: ${logsFolder}`);
  lines.push(
    verdict.failures.length === 0
      ? `PASSED (seed ${seed}, ${minutes} min)`
      : `FAILED (seed ${seed}, ${minutes} min): ${verdict.failures.join('; ')}`,
  );
  return lines;
}

function resultRows(verdict: Verdict, facts: ChaosFacts): [string, string | number][] {
  const { chat, audit, sdk } = verdict;
  const count = (kind: string) => facts.faults.filter((fault) => fault.kind === kind).length;
  return [
    [
      'faults',
      `${facts.faults.length} (${count('kill')} kills, ${count('producer')} of producers, ${count('broker')} of the broker)`,
    ],
    ['messages accepted', facts.messages.filter(({ acceptedAtMs }) => acceptedAtMs !== null).length],
    ['messages never accepted', chat.notAccepted.length],
    ['posts in the chat', facts.chat.length],
    ['lost', chat.lost.length],
    ['parked', chat.parked.length],
    ['pictures missing without a cause', chat.picturesMissing.length],
    ['out of order', chat.outOfOrder.length],
    ['interleaved', chat.interleaved.length],
    ['posts that nobody sent', chat.unexplainedPosts.length],
    ['repeated posts', `${chat.repeats.length} (${verdict.repeatsAllowed} allowed)`],
    ['calls of bots/post, their rows', `${audit.posts.calls}, ${audit.posts.rows}`],
    ['  calls without a row', audit.posts.unexplained.length],
    ['  rows that answer no call', audit.posts.invented.length],
    ['  rows beyond one a call', audit.posts.doubled.length],
    ['  rows of calls that were kept from arriving', audit.posts.neverArrived],
    ['  rows of calls that nothing kept from arriving', audit.posts.unmade.length],
    ['SDK: accepted, killed before that', `${sdk.accepted}, ${sdk.notAccepted}`],
    [
      '  said to be',
      Object.entries(sdk.told)
        .map(([what, times]) => `${what} ${times}`)
        .join(', '),
    ],
    ['  said, and not so', sdk.untrue.length],
    ['  out of order, overtaken while they waited', `${sdk.outOfOrder.length}, ${sdk.overtaken}`],
    [
      '  not promised: in doubt, left by the relay',
      `${sdk.inDoubt.length}, ${sdk.leftByRelay.length} (${sdk.notPromisedAllowed} allowed)`,
    ],
    ['  its own calls, their rows', `${sdk.calls}, ${sdk.rows}`],
    ['  calls without a row', sdk.callsWithoutRow.length],
    ['  rows that answer no call', sdk.invented.length],
    ['  rows of calls that were kept from arriving', sdk.neverArrived],
    ['  rows of calls that nothing kept from arriving', sdk.unmade.length],
    ['  spools that had not emptied', facts.spoolsLeft.length],
    ['uploads of pictures, their rows', `${audit.uploads.calls}, ${audit.uploads.rows}`],
    [
      '  without a row: explained by a kill, unexplained',
      `${audit.uploads.explained.length}, ${audit.uploads.unexplained.length}`,
    ],
    ['callbacks delivered, rows', `${audit.callbacks.delivered}, ${audit.callbacks.rows}`],
    [
      '  without a row, with more than one',
      `${audit.callbacks.missing.length}, ${audit.callbacks.doubled.length}`,
    ],
    ['events rejected or parked by the audit', audit.rejected + audit.parked],
    ['processes ended by themselves', facts.exits.length],
    ['not ready though all is mended (no failure)', facts.notReady.length],
  ];
}

function exampleLines({ chat, audit, sdk }: Verdict, facts: ChaosFacts): string[] {
  const lines: string[] = [];
  const show = (what: string, items: readonly string[]) => {
    if (items.length === 0) return;
    lines.push(`  ${what}:`, ...items.slice(0, SHOWN_EXAMPLES).map((item) => `    ${item}`));
    if (items.length > SHOWN_EXAMPLES) lines.push(`    … and ${items.length - SHOWN_EXAMPLES} more`);
  };
  show('never accepted', chat.notAccepted);
  show(
    'lost',
    chat.lost.map(({ messageId, missing }) => `${messageId}: ${missing}`),
  );
  show('parked', chat.parked);
  show('pictures missing without a cause', chat.picturesMissing);
  show('out of order', chat.outOfOrder);
  show('interleaved', chat.interleaved);
  show('posts that nobody sent', chat.unexplainedPosts);
  show(
    'repeated posts',
    chat.repeats.map(({ messageId, piece, firstAtMs, atMs, nearby }) => {
      const laterMs = atMs - firstAtMs;
      return `${messageId} ${piece}: ${new Date(firstAtMs).toISOString()} and ${laterMs} ms later; ${nearby.join(', ') || 'no fault nearby'}`;
    }),
  );
  for (const [name, calls] of [
    ['bots/post', audit.posts],
    ['pictures', audit.uploads],
  ] as const) {
    show(`calls of ${name} without a row, explained`, calls.explained);
    show(`calls of ${name} without a row`, calls.unexplained);
    show(`rows of ${name} that answer no call`, calls.invented);
    show(`rows of ${name} beyond one`, calls.doubled);
    show(`rows of ${name} without a call, and nothing was in its way`, calls.unmade);
  }
  show('the SDK said, and it was not so', sdk.untrue);
  show('messages of the SDK out of order', sdk.outOfOrder);
  show('messages of the SDK in doubt', sdk.inDoubt);
  show('messages of the SDK left by the relay', sdk.leftByRelay);
  show('calls of the SDK without a row', sdk.callsWithoutRow);
  show('rows of the SDK that answer no call', sdk.invented);
  show('rows of the SDK without a call, and nothing was in its way', sdk.unmade);
  show('spools that had not emptied', facts.spoolsLeft);
  show('callbacks without a row', audit.callbacks.missing);
  show('callbacks with more than one row', audit.callbacks.doubled);
  show('rows of callbacks that were never sent', audit.callbacks.invented);
  show('not ready though all is mended', facts.notReady);
  show(
    'ended by themselves',
    facts.exits.map(
      ({ process, exitCode, signal, atMs, lastLines }) =>
        `${process} at ${new Date(atMs).toISOString()}: ${signal ?? `exit code ${exitCode}`}; ${lastLines.at(-1) ?? ''}`,
    ),
  );
  return lines;
}
