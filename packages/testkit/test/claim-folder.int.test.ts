import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { TestkitError, waitFor } from '../src/index.ts';
import { claimFolder } from '../src/process/claim-folder.ts';
import { startTimeOf } from '../src/process/is-running.mjs';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wbor-claim-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function spawnHolder() {
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => {
    holder.kill('SIGKILL');
  });
  await once(holder, 'spawn');
  const pid = holder.pid ?? 0;
  return { holder, pid, line: `${pid} ${startTimeOf(pid)}\n` };
}

test('a folder has one owner at a time, although eight find the same dead claim', async () => {
  const folder = makeFolder();
  const path = join(folder, 'server.pid');
  let owners = 0;
  let most = 0;
  async function ownForAMoment(): Promise<void> {
    const claim = await claimFolder(folder);
    owners += 1;
    most = Math.max(most, owners);
    // Before there is a server.
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid} ${startTimeOf(process.pid)}\n`);
    await pause(1);
    owners -= 1;
    await claim.release();
  }
  for (let round = 0; round < 10; round += 1) {
    writeFileSync(path, '4194305 17\n');
    await Promise.all(Array.from({ length: 8 }, ownForAMoment));
  }
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock that its owner died with is forgotten', async () => {
  const folder = makeFolder();
  const lock = join(folder, 'server.pid.lock');
  writeFileSync(lock, '');
  const aMinuteAgo = Date.now() / 1000 - 60;
  utimesSync(lock, aMinuteAgo, aMinuteAgo);
  await (await claimFolder(folder)).release();
});

test('a folder stays taken while its server outlives its owner, and is free once that has ended', async () => {
  const folder = makeFolder();
  const { holder, pid, line } = await spawnHolder();
  writeFileSync(join(folder, 'server.pid'), `4194305 17\n${line}`);
  await expect(claimFolder(folder, 50)).rejects.toMatchObject({
    code: 'DATA_IN_USE',
    message: expect.stringContaining(`process ${pid}:`),
  });
  const claimed = claimFolder(folder);
  holder.kill('SIGKILL');
  await (await claimed).release();
});

test('a claim names its server as well', async () => {
  const folder = makeFolder();
  const claim = await claimFolder(folder);
  const { pid, line } = await spawnHolder();
  await claim.record(pid);
  expect(readFileSync(join(folder, 'server.pid'), 'utf8')).toContain(`\n${line}`);
});

test('who has given up waiting claims nothing afterwards, not even by a look that was begun before', async () => {
  const folder = makeFolder();
  const path = join(folder, 'server.pid');
  const { line } = await spawnHolder();
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(path, line);
    await expect(claimFolder(folder, 1)).rejects.toBeInstanceOf(TestkitError);
    writeFileSync(path, '4194305 17\n');
    await waitFor(() => !existsSync(`${path}.lock`), { what: 'the end of the last look' });
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').not.toContain(`${process.pid} `);
  }
});
