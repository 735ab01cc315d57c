import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseCommandLine, runCommandLine, UsageError } from '@wbor/command-line';
import { removeFolderAtEnd, repoRoot, spawnKept } from '@wbor/testkit';
import { SABOTAGES, type Sabotage } from './sabotages.ts';

const USAGE = `npm run chaos:sabotage [-- NAME]: proves that the chaos suite can fail

A copy of the sources with one line spoilt, a short run of chaos, and the checker must say what is wrong; and so for each
sabotage. One run without any shows that it is not the copy that fails. NAME is a part of one or several names; the run without
sabotage is left out then:

${SABOTAGES.map(({ name }) => `  ${name}`).join('\n')}

Exit code: 0 the checker found what it had to, 1 it did not, 2 wrong usage.
`;

/** In its schedule: posts whose answer is lost, and a broker that is killed; no relay is, which would excuse a lost row. */
const SEED = '1806';
const MINUTES = '0.7';
const SETTLE_SECONDS = '25';
/** Not to be copied: what is built, and what is large. */
const LEFT_OUT = new Set(['dist', '.turbo', '.data']);

/** Copies what runs; installed packages are linked to. */
async function copySources(into: string): Promise<void> {
  for (const folder of ['apps', 'packages']) {
    await cp(join(repoRoot, folder), join(into, folder), {
      recursive: true,
      // Links between workspace packages are relative, so in the copy they lead to the copy.
      verbatimSymlinks: true,
      filter: (source) => !LEFT_OUT.has(basename(source)),
    });
  }
  for (const file of ['package.json', 'tsconfig.base.json', 'LICENSE']) {
    await cp(join(repoRoot, file), join(into, file));
  }
  await symlink(join(repoRoot, 'node_modules'), join(into, 'node_modules'));
}

async function spoil(copy: string, { file, find, replacement }: Sabotage): Promise<() => Promise<void>> {
  const path = join(copy, file);
  const text = await readFile(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not hold the line to be sabotaged once`);
  await writeFile(
    path,
    text.replace(find, () => replacement),
  );
  return () => writeFile(path, text);
}

/** The failures that a short run in the copy names. */
async function runShortChaos(copy: string): Promise<readonly string[]> {
  const main = join(copy, 'packages/system-tests/src/chaos/main.ts');
  const args = [main, '--json', '--seed', SEED, '--minutes', MINUTES, '--settle-seconds', SETTLE_SECONDS];
  // Kept: whatever ends us, no run is left behind.
  const run = await spawnKept(process.execPath, [...args, '--keep-logs', join(copy, 'logs')], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    graceMs: 30_000,
  });
  const [stdout, stderr, exit] = await Promise.all([
    textOf(run.child.stdout),
    textOf(run.child.stderr),
    run.exited,
  ]);
  try {
    const { failures } = JSON.parse(stdout) as { failures: string[] };
    return failures;
  } catch {
    const how = exit.signal ?? `exit code ${exit.exitCode}`;
    throw new Error(`the run gave no result (${how})\n${stderr.slice(-2_000)}`);
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  return stream === null ? '' : await text(stream);
}

/** @throws UsageError */
function parse(args: readonly string[]): readonly Sabotage[] | 'help' {
  const { positionals, values } = parseCommandLine(args, {
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return 'help';
  const part = positionals.join(' ');
  const chosen = SABOTAGES.filter(({ name }) => name.includes(part));
  if (chosen.length > 0) return chosen;
  const names = SABOTAGES.map(({ name }) => name).join('; ');
  throw new UsageError(`no sabotage has "${part}" in its name. There are: ${names}`);
}

async function run(chosen: readonly Sabotage[]): Promise<number> {
  const copy = await mkdtemp(join(tmpdir(), 'wbor-sabotage-'));
  removeFolderAtEnd(copy);
  let failed = 0;
  try {
    await copySources(copy);
    const tell = (ok: boolean, name: string, failures: readonly string[]) => {
      if (!ok) failed += 1;
      process.stdout.write(
        `${ok ? 'ok    ' : 'FAILED'} ${name}: ${failures.join('; ') || 'nothing found'}\n`,
      );
    };
    if (chosen.length === SABOTAGES.length) {
      const failures = await runShortChaos(copy);
      tell(failures.length === 0, 'no sabotage', failures);
    }
    for (const sabotage of chosen) {
      const undo = await spoil(copy, sabotage);
      const failures = await runShortChaos(copy);
      tell(
        failures.some((failure) => sabotage.caughtBy.test(failure)),
        sabotage.name,
        failures,
      );
      await undo();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
}

// What hangs is not waited for.
process.exit(await runCommandLine({ name: 'sabotage', usage: USAGE, parse, run }));
