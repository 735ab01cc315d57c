import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readAssets } from './assets.ts';

it('are all copied by the build', () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const copied = [...manifest.matchAll(/--asset ([\w.-]+)=/g)].map(([, name]) => name);
  expect(copied.toSorted()).toEqual(Object.keys(readAssets()).toSorted());
});
