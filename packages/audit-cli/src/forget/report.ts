import type { Removal } from '@wbor/database';
import type { QueueRemoval } from './queues.ts';

/** What was found or done, for the operator. The number is not in it. */
export function describeFound(
  { ban, rows }: Pick<Removal, 'ban' | 'rows'>,
  { leftInJournal, messages }: QueueRemoval,
  verb: 'would be' | 'to be' | 'were',
): string {
  const lines = [
    ...list(rows, 'row', `${verb} blanked or deleted`),
    ...list(messages, 'message', `${verb} dropped`),
  ];
  if (lines.length === 0) lines.push('Nothing of this number is stored.');
  if (ban === 'kept')
    lines.push('The number is banned, and the ban keeps the number, so that it holds; --lift-ban lifts it.');
  if (ban === 'lifted') lines.push(`The ban of the number ${verb} lifted.`);
  if (leftInJournal > 0)
    lines.push(
      `relay.journal keeps ${plural(leftInJournal, 'entry', 'entries')} of a message that is being posted. Try again in a while.`,
    );
  return lines.join('\n');
}

export function describeWaiting(waiting: Readonly<Record<string, number>>): string {
  return Object.entries(waiting)
    .map(([name, count]) => `${plural(count, 'message')} in ${name} not worked off yet: whose, is not known.`)
    .join('\n');
}

function list(counts: Readonly<Record<string, number>>, one: string, verb: string): string[] {
  return Object.entries(counts).map(([name, count]) => `${name}: ${plural(count, one)} ${verb}`);
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
