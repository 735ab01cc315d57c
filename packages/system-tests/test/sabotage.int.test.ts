import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, test } from 'vitest';
import { SABOTAGES } from '../src/chaos/sabotages.ts';

function sabotage(...args: string[]) {
  const script = join(repoRoot, 'packages/system-tests/src/chaos/sabotage.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('a name that no sabotage has is a failure that tells the names', () => {
  const { status, stdout, stderr } = sabotage('misspelt');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  for (const { name } of SABOTAGES) expect(stderr).toContain(name);
});

test('--help is no name', () => {
  const { status, stdout, stderr } = sabotage('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const { name } of SABOTAGES) expect(stdout).toContain(name);
});
