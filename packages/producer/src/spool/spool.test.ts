import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type AcceptedMessage,
  applyRecord,
  decodeRecords,
  encodeRecord,
  type SpoolEntry,
} from './records.ts';
import { openSpool } from './spool.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wbor-spool-'));
  path = join(folder, 'spool');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const message = (id: string, at = 1): AcceptedMessage => ({
  id,
  at,
  source: 'ups',
  body: 'Mains\nlost',
  images: [],
  urgent: false,
});
const CALL = { callId: 'c', part: 1, parts: 1, attempt: 1, at: 2, text: 'Mains lost' };
const RESULT = { code: 202, outcome: 'delivered', durationMs: 3 } as const;
const ids = (entries: readonly SpoolEntry[]) => entries.map((entry) => entry.message.id);

it('a file shows all that was written, to the next process too', async () => {
  const first = await openSpool(path);
  expect(await first.accept(message('a'))).toMatchObject({ onDisk: true });
  await first.append({ t: 'offered', id: 'a' });
  await first.append({ t: 'calling', id: 'a', call: CALL });
  await first.append({ t: 'called', id: 'a', callId: 'c', result: RESULT });
  await first.close();
  const second = await openSpool(path);
  expect(second.entries()).toEqual([
    {
      message: message('a'),
      onDisk: true,
      offered: true,
      offeredAt: 1,
      offeredBy: undefined,
      done: false,
      calls: [{ call: CALL, result: RESULT, logged: false }],
    },
  ]);
  await second.close();
});

it('a message is gone once it is done and its calls are logged, and the file is empty', async () => {
  const spool = await openSpool(path);
  await spool.accept(message('a'));
  await spool.append({ t: 'calling', id: 'a', call: CALL });
  await spool.append({ t: 'called', id: 'a', callId: 'c', result: RESULT });
  await spool.append({ t: 'done', id: 'a' });
  expect(ids(spool.entries())).toEqual(['a']);
  await spool.append({ t: 'logged', id: 'a', callId: 'c' });
  expect(spool.entries()).toEqual([]);
  expect(await readFile(path, 'utf8')).toBe('');
  await spool.close();
});

it.each(['SQLite format 3\0 and more', 'a letter\n'])(
  'a file of another program (%j) is left as it is, and the fault said',
  async (content) => {
    await writeFile(path, content);
    const spool = await openSpool(path);
    expect(spool.fault).toContain("another program's file");
    expect(await spool.accept(message('a'))).toMatchObject({ onDisk: false });
    await spool.close();
    expect(await readFile(path, 'utf8')).toBe(content);
  },
);

it.each(['', '0123', '0123456789abcdef', '0123456789abcdef {"t":"acc', '\0\0\0'])(
  'a file that holds no more than a torn line (%j) is used',
  async (content) => {
    await writeFile(path, content);
    const spool = await openSpool(path);
    expect(await spool.accept(message('a'))).toMatchObject({ onDisk: true });
    await spool.close();
  },
);

it('only its owner may read the file', async () => {
  const spool = await openSpool(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await spool.close();
});

it('half a line is skipped, and what is written after it is not', async () => {
  const first = await openSpool(path);
  await first.accept(message('a'));
  await first.close();
  await appendFile(path, encodeRecord({ t: 'accepted', message: message('b') }).slice(0, 40));
  const second = await openSpool(path);
  await second.accept(message('c', 3));
  await second.close();
  const third = await openSpool(path);
  expect(ids(third.entries())).toEqual(['a', 'c']);
  await third.close();
});

it.each(Array.from({ length: 12 }, (_, index) => index * 15))(
  'a line cut after %i bytes is no record, whole or changed',
  (bytes) => {
    const line = encodeRecord({ t: 'accepted', message: message('a') });
    expect(decodeRecords(line.slice(0, Math.min(bytes, line.length - 2)))).toEqual([]);
    expect(decodeRecords(line.replace('Mains', 'mains'))).toEqual([]);
    expect(decodeRecords(line)).toHaveLength(1);
  },
);

it('processes that send at once have a file each; what one leaves another takes over', async () => {
  const first = await openSpool(path);
  const second = await openSpool(path);
  await first.accept(message('a'));
  await second.accept(message('b', 2));
  await second.adopt();
  expect(ids(second.entries())).toEqual(['b']);
  await first.close();
  await second.adopt();
  expect(ids(second.entries())).toEqual(['a', 'b']);
  await second.close();
});

it.each([
  ['of the same message is done with it', message('a', 2), []],
  ['of another message is worked on after it', { ...message('a', 2), body: 'Mains back' }, [1]],
])('a copy under one id that a process has left which did not know of it %s', async (_what, other, left) => {
  const first = await openSpool(path);
  const second = await openSpool(path);
  await first.accept(message('a'));
  await second.accept(other);
  await first.close();
  await second.adopt();
  const seen = () => second.entries().map((entry) => entry.message.at);
  expect(seen()).toEqual([2]);
  await second.append({ t: 'done', id: 'a' });
  expect(seen()).toEqual(left);
  await second.close();
});

it('a copy that is found after the message was done does not come back once its log is told', async () => {
  const first = await openSpool(path);
  const second = await openSpool(path);
  await first.accept(message('a'));
  await second.accept(message('a', 2));
  await second.append({ t: 'calling', id: 'a', call: CALL });
  await second.append({ t: 'called', id: 'a', callId: 'c', result: RESULT });
  await second.append({ t: 'done', id: 'a' });
  await first.close();
  await second.adopt();
  await second.append({ t: 'logged', id: 'a', callId: 'c' });
  expect(second.entries()).toEqual([]);
  await second.close();
});

it('an id that is given again after its message was settled is a new message, to the next process too', async () => {
  const first = await openSpool(path);
  await first.accept(message('other'));
  await first.accept(message('a'));
  await first.append({ t: 'done', id: 'a' });
  await first.accept(message('a', 2));
  await first.close();
  const second = await openSpool(path);
  expect(second.entries().map((entry) => [entry.message.id, entry.message.at])).toEqual([
    ['other', 1],
    ['a', 2],
  ]);
  await second.close();
});

it('without a file everything is kept in memory, and nothing is said to be on disk', async () => {
  const spool = await openSpool(undefined);
  expect(await spool.accept(message('a'))).toMatchObject({ onDisk: false });
  await spool.append({ t: 'done', id: 'a' });
  expect(spool.entries()).toEqual([]);
});

it('records of a message that is not known change nothing', () => {
  const entries = new Map<string, SpoolEntry>();
  applyRecord(entries, { t: 'done', id: 'a' });
  expect(entries.size).toBe(0);
});
