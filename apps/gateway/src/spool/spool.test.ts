import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSpool, type Spool, SpoolError } from './spool.ts';

let folder: string;
let file: string;
let open: Spool[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
  file = join(folder, 'spool.sqlite');
});
afterEach(() => {
  for (const spool of open) spool.close();
  open = [];
  rmSync(folder, { recursive: true });
});

function start(maxBytes = 10_000_000): Spool {
  const spool = openSpool(file, maxBytes);
  open.push(spool);
  return spool;
}

function stop(spool: Spool): void {
  open = open.filter((other) => other !== spool);
  spool.close();
}

const message = (
  messageId: string,
  body: unknown = { text: messageId },
  routingKey = 'source.groupme.callback',
) => ({
  message: 'callbackEvent',
  routingKey,
  messageId,
  headers: {},
  body: JSON.stringify(body),
});
const idsOf = (spool: Spool) => spool.oldest(100, []).map(({ messageId }) => messageId);

describe('the spool', () => {
  it('keeps messages in their order, over a restart', async () => {
    const spool = start();
    const ids = Array.from({ length: 50 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => spool.add(message(id, { text: '☃ \u0000', half: '\ud800' }))));
    expect([spool.depth, idsOf(spool)]).toEqual([50, ids]);
    expect(spool.oldestAt).toBeLessThanOrEqual(Date.now());
    const [first, ...rest] = spool.oldest(2, []);
    stop(spool);
    const next = start();
    expect([next.depth, idsOf(next), next.bytes > 0]).toEqual([50, ids, true]);
    expect(next.oldest(2, [])).toEqual([first, ...rest]);
    expect(first?.body).toBe(JSON.stringify({ text: '☃ \u0000', half: '\ud800' }));
  });

  it('keeps a message once while it waits, and other words under the same id as another one', async () => {
    const spool = start();
    await Promise.all([
      spool.add(message('a')),
      spool.add(message('a')),
      spool.add(message('a', { text: 'other' })),
    ]);
    expect(spool.depth).toBe(2);
    spool.remove(spool.oldest(2, []));
    await spool.add(message('a'));
    expect([spool.depth, idsOf(spool)]).toEqual([1, ['a']]);
  });

  it('is bounded, and has room again once something went out', async () => {
    const spool = start(1_000_000);
    const big = 'x'.repeat(600_000);
    await spool.add(message('a', big));
    await expect(spool.add(message('b', big))).rejects.toThrow(SpoolError);
    await spool.add(message('c', 'small'));
    spool.remove(spool.oldest(1, []));
    await spool.add(message('d', big));
    expect(idsOf(spool)).toEqual(['c', 'd']);
  });

  it('leaves out keys that it is told to, and what was set aside, also after a restart', async () => {
    const spool = start();
    for (const [id, key] of [
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'one'],
    ] as const) {
      await spool.add(message(id, {}, key));
    }
    expect(spool.oldest(9, ['one']).map(({ messageId }) => messageId)).toEqual(['b']);
    const [first] = spool.oldest(1, []);
    if (first) spool.setAside(first, 'of no version');
    expect([spool.depth, idsOf(spool)]).toEqual([2, ['b', 'c']]);
    stop(spool);
    const next = start();
    expect([next.depth, idsOf(next)]).toEqual([2, ['b', 'c']]);
  });

  it('gives its room back when it is empty, and keeps a reserve', async () => {
    const spool = start(50_000_000);
    for (let index = 0; index < 40; index += 1) await spool.add(message(`id-${index}`, 'x'.repeat(200_000)));
    expect(statSync(file).size).toBeGreaterThan(4_000_000);
    while (spool.depth > 0) spool.remove(spool.oldest(10, []));
    expect([spool.depth, spool.bytes, spool.oldestAt]).toEqual([0, 0, undefined]);
    expect(statSync(file).size).toBeLessThan(200_000);
    expect(statSync(`${file}.reserve`).size).toBe(4 * 1024 * 1024);
  });

  it('belongs to one process at a time, and is nothing but a spool', async () => {
    start();
    expect(() => openSpool(file, 1_000_000)).toThrow(/in use by another gateway/);
    expect(() => openSpool(folder, 1_000_000)).toThrow(/SPOOL_FILE cannot be used/);
    expect(existsSync(`${folder}.reserve`)).toBe(false);
  });
});
