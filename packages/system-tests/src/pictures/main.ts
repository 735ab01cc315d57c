import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine, runCommandLine } from '@wbor/command-line';
import { readFixtures } from '@wbor/source-fixtures';
import { createReleases } from '@wbor/start-system';
import { repoRoot } from '@wbor/testkit';
import { openCamera } from './camera.ts';
import { startSourcesSystem } from './sources-system.ts';

const USAGE = `npm run pictures [-- NAMES]: a picture of each source fixture in the chat, for docs/sources

Sends every fixture through a relay and a gateway of its own, and writes docs/images/sources/NAME.png.
NAMES are parts of fixtures' names: only those pictures are written. Needs a Chromium.
`;

const FOLDER = join(repoRoot, 'docs/images/sources');

/** @throws UsageError */
function parse(args: readonly string[]): readonly string[] | 'help' {
  const { positionals, values } = parseCommandLine(args, {
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  return values.help ? 'help' : positionals;
}

async function run(wanted: readonly string[]): Promise<number> {
  const releases = createReleases();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void releases.releaseAll().finally(() => process.exit(1)));
  }
  try {
    const system = await startSourcesSystem(releases);
    const camera = await openCamera(system.simulator.url, releases);
    mkdirSync(FOLDER, { recursive: true });
    // All are sent, since what a station says depends on what it said before.
    for (const fixture of readFixtures()) {
      const posts = await system.send(fixture);
      if (posts === 0 || !(wanted.length === 0 || wanted.some((word) => fixture.name.includes(word))))
        continue;
      const picture = await camera.take(posts);
      writeFileSync(join(FOLDER, `${fixture.name}.png`), picture);
      process.stdout.write(`${fixture.name}.png ${(picture.length / 1000).toFixed(1)} kB\n`);
    }
    return 0;
  } finally {
    await releases.releaseAll();
  }
}

process.exitCode = await runCommandLine({ name: 'pictures', usage: USAGE, parse, run });
