import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, it } from 'vitest';
import { SABOTAGES } from './sabotages.ts';

it.each(SABOTAGES)('the sources still hold the line to be sabotaged: $name', async ({ file, find }) => {
  const text = await readFile(join(repoRoot, file), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
