import type { FuzzResult } from './run-fuzz.ts';

/** What a person reads in the end. */
export function reportLines({ facts, judgement, folder }: FuzzResult, seed: number): string[] {
  const lines: string[] = [''];
  const row = (what: string, value: string | number) => lines.push(`  ${what.padEnd(34)} ${value}`);
  const ofKind = (kind: string) => facts.sent.filter((input) => input.kind === kind).length;
  row('messages on the broker', ofKind('amqp'));
  row('requests to the gateway', ofKind('http'));
  row('messages of members', ofKind('chat'));
  for (const [fate, count] of judgement.counts) row(`  ${fate}`, count);
  const inChat = facts.good.filter(({ token }) => facts.goodPosts.get(token) === 1).length;
  row('good messages, in the chat once', `${facts.good.length}, ${inChat}`);
  row('  the slowest', `${(judgement.slowestMs / 1_000).toFixed(1)} s`);
  row('connections that were lost', facts.lostConnections);
  for (const { app, ready, peakMiB, reconnects } of facts.processes)
    row(
      app,
      `${ready ? 'ready' : 'NOT READY'}, at most ${peakMiB ?? '?'} MiB, ${reconnects.length} reconnects`,
    );
  lines.push('');
  if (folder !== undefined) lines.push(`  inputs with their fates, and logs: ${folder}`);
  for (const failure of judgement.failures) lines.push(`  ${failure}`);
  lines.push(judgement.failures.length === 0 ? `PASSED (seed ${seed})` : `FAILED (seed ${seed})`);
  return lines;
}
