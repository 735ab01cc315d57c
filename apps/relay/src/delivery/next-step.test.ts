import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import { type Facts, nextStep, rows } from './next-step.ts';

/** A message of two parts that nothing keeps from being posted. */
const ready: Facts = {
  lost: false,
  stopping: false,
  holdExpired: false,
  rejected: false,
  done: 0,
  parts: 2,
  begun: false,
  late: false,
  sender: 'allowed',
  openCall: 'none',
  waitMs: 0,
};

it.each<[string, Partial<Facts>, ReturnType<typeof nextStep>]>([
  ['nothing is in the way', {}, { do: 'post', part: 1 }],
  ['one part is in the chat', { done: 1, begun: true }, { do: 'post', part: 2 }],
  ['all parts are in the chat', { done: 2, begun: true }, { do: 'finish' }],
  ['… though we are stopping', { done: 2, begun: true, stopping: true }, { do: 'finish' }],
  ['… and the channel is gone', { done: 2, begun: true, lost: true }, { do: 'abandon' }],
  ['we are stopping', { stopping: true }, { do: 'abandon' }],
  ['the hold has expired', { holdExpired: true, waitMs: 100 }, { do: 'renew' }],
  ['GroupMe has rejected the next part', { rejected: true, done: 1, begun: true }, { do: 'park' }],
  ['the deadline has passed', { late: true }, { do: 'expire' }],
  ['… for a banned sender', { late: true, sender: 'banned' }, { do: 'expire' }],
  ['… after the first part', { late: true, done: 1, begun: true }, { do: 'post', part: 2 }],
  ['the sender is banned', { sender: 'banned', waitMs: 100 }, { do: 'block' }],
  ['… after the first part', { sender: 'banned', done: 1, begun: true }, { do: 'post', part: 2 }],
  ['nobody knows yet who is banned', { sender: 'uncertain' }, { do: 'await-bans' }],
  ['a call has no result', { begun: true, openCall: 'unexamined', waitMs: 100 }, { do: 'reconcile' }],
  ['… and its post was seen', { begun: true, openCall: 'shown', waitMs: 100 }, { do: 'reconcile' }],
  ['… and was searched for in vain', { begun: true, openCall: 'undetermined' }, { do: 'conclude' }],
  ['… and may show yet', { begun: true, openCall: 'undetermined', waitMs: 100 }, { do: 'wait', forMs: 100 }],
  ['the next call must wait', { waitMs: 100 }, { do: 'wait', forMs: 100 }],
])('%s', (_what, facts, step) => {
  expect(nextStep({ ...ready, ...facts })).toEqual(step);
});

describe('the table in words', () => {
  const names = [...rows.map(({ name }) => name), 'otherwise'];

  it.each(['docs/architecture.md', 'apps/relay/src/delivery/next-step.ts'])(
    'has the rows of the code in %s',
    async (file) => {
      const text = await readFile(join(repoRoot, file), 'utf8');
      const [, table = ''] = text.split(/\| row \| condition \| step \|\n.*\|---\|---\|---\|\n/);
      const inWords = table.split('\n').map((line) => /^(?: \* )?\| ([^|]+) \|/.exec(line)?.[1]);
      expect(inWords.slice(0, names.length + 1)).toEqual([...names, undefined]);
    },
  );
});
