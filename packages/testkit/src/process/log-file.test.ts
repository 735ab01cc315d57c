import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLogFile } from './log-file.ts';

function makePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wbor-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'logs', 'relay.log');
}

test('keeps the lines of this start, and those of the one before in a second file', () => {
  const path = makePath();
  const first = openLogFile(path);
  first('one');
  first('two');
  openLogFile(path)('three');
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\n');
  expect(readFileSync(path, 'utf8')).toBe('three\n');
});

test('never holds more than twice its bound', () => {
  const path = makePath();
  const write = openLogFile(path, 100);
  for (let line = 100; line < 200; line += 1) write(`line ${line}`);
  write('last');
  expect(readFileSync(path, 'utf8')).toMatch(/last\n$/);
  const size = Buffer.byteLength(readFileSync(path)) + Buffer.byteLength(readFileSync(`${path}.1`));
  expect(size).toBeLessThan(250);
});

test('does not end the process when the folder is gone', () => {
  const path = makePath();
  const write = openLogFile(path);
  rmSync(join(path, '..'), { recursive: true });
  expect(() => write('lost')).not.toThrow();
});
