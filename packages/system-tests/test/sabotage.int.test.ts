import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, test } from 'vitest';
import { SABOTAGES } from '../src/chaos/sabotages.ts';

test('a name that no sabotage has is a failure that tells the names', () => {
  const script = join(repoRoot, 'packages/system-tests/src/chaos/sabotage.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'misspelt'], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  for (const { name } of SABOTAGES) expect(stderr).toContain(name);
});
