import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';

/** The commands of docs/migration.md that stand in blocks of this kind, word by word, with variables filled in. */
export async function readGuide(kind: 'look' | 'forward' | 'back' | 'rest' | 'restart'): Promise<string[][]> {
  const guide = await readFile(join(repoRoot, 'docs/migration.md'), 'utf8');
  const variables = new Map(
    [...guide.matchAll(/^(OLD_\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const blocks = [...guide.matchAll(/^```sh (\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === kind);
  return blocks
    .flatMap(([, , lines = '']) => lines.trim().split('\n'))
    .filter((line) => !/^OLD_\w+=/.test(line))
    .map((line) =>
      [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
        (single ?? double ?? bare ?? '').replace(/^\$(\w+)$/, (_, name) => variables.get(name) ?? `$${name}`),
      ),
    );
}
