// What `npm start`, `npm test` and most of `npm run …` run. Plain JavaScript for Node 20 and no dependency: it has to work
// in a fresh clone, and it is what brings the rest: pnpm, the packages, Node 24.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning } from '../../testkit/src/process/is-running.mjs';
import { runInGroup } from './run-in-group.mjs';

const ROOT = dirname(fileURLToPath(new URL('../../../package.json', import.meta.url)));
const STAMP = join(ROOT, 'node_modules', '.wbor-installed');
const NODE_24 = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const USAGE = `usage: npm start [-- OPTIONS]       the whole system on this machine
       npm test [-- OPTIONS]        every check and test
       npm run doctor [-- OPTIONS]  what is wrong with a deployment, and what to do
       npm run parked -- ACTION     what could not be forwarded
       npm run audit -- ACTION      exports the audit, or removes a person from it
       npm run take-over -- ACTION  the queues of the Python service, to ours and back
       npm run token -- ACTION      tokens of those who send over HTTP
       npm run rights -- ACTION     users of the broker and of Postgres with the least rights
       npm run fixture -- NAME      sends what a program of the station sends to what npm start has started
       npm run chaos [-- OPTIONS]   the chaos suite
       npm run fuzz [-- OPTIONS]    what no contract foresees
       npm run compose:test         compose.yaml on this machine's Docker engine
       npm run bench [-- OPTIONS]   how fast it is, beside bare floors
       npm run reset                remove the data of npm start
Each takes --help as well: npm start -- --help
`;

const RESET_USAGE = `npm run reset: removes .data, where npm start keeps its broker, its database and its logs

Nothing of it may be running. A folder that was given by --data-dir stays.
`;

/** Exit code of a command line that makes no sense. */
const WRONG_USAGE = 2;

const COMMANDS = {
  start: 'packages/launcher/src/start/main.ts',
  test: 'packages/launcher/src/check/main.ts',
  token: 'apps/gateway/src/tokens/main.ts',
  doctor: 'packages/doctor/src/main.ts',
  parked: 'packages/parked-cli/src/main.ts',
  'take-over': 'packages/take-over/src/main.ts',
  rights: 'packages/rights/src/main.ts',
  fixture: 'packages/launcher/src/fixture/main.ts',
  pictures: 'packages/system-tests/src/pictures/main.ts',
  chaos: 'packages/system-tests/src/chaos/main.ts',
  fuzz: 'packages/system-tests/src/fuzz/main.ts',
  compose: 'packages/system-tests/src/compose/main.ts',
  sabotage: 'packages/system-tests/src/chaos/sabotage.ts',
  bench: 'packages/benchmarks/src/main.ts',
  seed: 'packages/database/src/seed/main.ts',
  audit: 'packages/audit-cli/src/main.ts',
};

async function main([command, ...args]) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    return fail(`Node 20 or newer is needed; this is ${process.version}. See https://nodejs.org`);
  }
  if (command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === 'reset') return resetAs(args);
  if (!Object.hasOwn(COMMANDS, command ?? '')) return fail(USAGE, WRONG_USAGE);
  const installed = await install();
  if (installed !== 0) return installed;
  const { code } = await runInGroup(NODE_24, [join(ROOT, COMMANDS[command]), ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      PATH: [join(NODE_24, '..'), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    },
  });
  return code;
}

/** Brings node_modules up to the lockfile. Returns an exit code. Prints nothing when nothing is to do. */
async function install() {
  const wanted = stampOf();
  if (existsSync(STAMP) && readText(STAMP) === wanted && nodeVersion().startsWith('v24.')) return 0;
  const wasInstalled = existsSync(STAMP);
  // Gone before the work begins: an interrupted installation is then done again, not believed.
  rmSync(STAMP, { force: true });
  // Interrupted before: pnpm trusts its own note of what is installed; without that it looks at every package.
  if (!wasInstalled) rmSync(join(ROOT, 'node_modules', '.pnpm', 'lock.yaml'), { force: true });
  // Node comes by an install script, which pnpm does not run again for a package that is in place.
  const nodeIsBroken = existsSync(NODE_24) && nodeVersion() === '';
  if (nodeIsBroken) rmSync(join(ROOT, 'node_modules'), { recursive: true, force: true });
  const result = await step('installing dependencies', runPnpm);
  if (result.interrupted) return 130;
  if (result.code !== 0) {
    return fail(`${result.output}\n[bootstrap] the dependencies could not be installed; see above`);
  }
  const version = nodeVersion();
  if (!version.startsWith('v24.')) {
    return fail(
      `[bootstrap] Node 24 was installed, but does not run here (${version || 'no answer'}): ${NODE_24}`,
    );
  }
  writeFileSync(STAMP, wanted);
  return 0;
}

/** What an installation depends on. Another machine's node_modules, mounted here, must not pass for ours. */
function stampOf() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${ROOT}\n`);
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(ROOT, name)));
  return `${hash.digest('hex')}\n`;
}

function nodeVersion() {
  if (!existsSync(NODE_24)) return '';
  return spawnSync(NODE_24, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

function runPnpm() {
  const version = pnpmVersion();
  const args = ['--dir', ROOT, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'];
  const own = join(ROOT, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
  const present = existsSync(own) && readJson(join(own, '..', '..', 'package.json')).version === version;
  // npm and pnpm put node_modules/.bin first, with a Node that is about to be replaced: the system's has to do the work.
  const modules = join(ROOT, 'node_modules');
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  const PATH = folders.filter((folder) => !folder.startsWith(modules)).join(delimiter);
  const node = process.execPath.startsWith(modules) ? 'node' : process.execPath;
  const [file, ...rest] = present
    ? [node, own, ...args]
    : [...npmCommand(node), 'exec', '--yes', `--package=pnpm@${version}`, '--', 'pnpm', ...args];
  const { npm_config_local_prefix: _, ...env } = process.env;
  return runInGroup(file, rest, {
    // Elsewhere, because npm would put node_modules/.bin back.
    cwd: tmpdir(),
    capture: true,
    env: { ...env, CI: 'true', PATH },
  });
}

function pnpmVersion() {
  return /^pnpm@([^+]+)/.exec(readJson(join(ROOT, 'package.json')).packageManager)?.[1] ?? 'latest';
}

/** The npm that runs us, else the one in PATH. */
function npmCommand(node) {
  const path = process.env.npm_execpath ?? '';
  if (/npm-cli\.c?js$/.test(path)) return [node, path];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function resetAs(args) {
  if (args.length === 0) return reset();
  if (args.length === 1 && (args[0] === '--help' || args[0] === '-h')) {
    process.stdout.write(RESET_USAGE);
    return 0;
  }
  return fail(`reset: takes no ${args.join(' ')} (--help tells how it is used)`, WRONG_USAGE);
}

async function reset() {
  const data = join(ROOT, '.data');
  for (const part of existsSync(data) ? readdirSync(data) : []) {
    // As claim-folder.ts writes it: who works on the folder, one process a line.
    for (const line of readText(join(data, part, 'server.pid')).split('\n')) {
      const [pid = '', started = ''] = line.split(' ');
      if (Number(pid) > 0 && isRunning(Number(pid), started))
        return fail(`[bootstrap] .data/${part} is in use by process ${pid}: end npm start first`);
    }
  }
  await step('removing .data', async () => rmSync(data, { recursive: true, force: true }));
  return 0;
}

async function step(name, work) {
  process.stdout.write(`[bootstrap] ${name} … `);
  const startedAt = performance.now();
  const result = await work();
  process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return result;
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function fail(text, code = 1) {
  process.stderr.write(`${text.trimEnd()}\n`);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
