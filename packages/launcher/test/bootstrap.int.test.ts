import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repoRoot, startTimeOf, waitFor } from '@wbor/testkit';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

// A repository in small: the real bootstrap, a pnpm that only says what it was asked, and a command that echoes.
const FAKE_PNPM = `
const fs = require('node:fs');
process.chdir(process.argv[process.argv.indexOf('--dir') + 1]);
fs.appendFileSync('pnpm.log', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('fail')) { console.log('no such version'); process.exit(1); }
fs.mkdirSync('node_modules/node/bin', { recursive: true });
if (!fs.existsSync('node_modules/node/bin/node')) fs.symlinkSync(process.execPath, 'node_modules/node/bin/node');
`;
const FAKE_COMMAND = `
// Before a word is said: who reads it may send the signal at once.
process.on('SIGTERM', () => { console.log('asked to end'); process.exit(7); });
console.log(JSON.stringify(process.argv.slice(2)));
if (process.argv[2] === 'wait') setInterval(() => {}, 1000);
else process.exit(Number(process.argv[2] ?? 0));
`;

let root: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'wbor bootstrap-'));
  root = folder;
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const processes = 'packages/testkit/src/process';
  for (const path of [
    'packages/launcher/bootstrap',
    `${processes}/keeper.mjs`,
    `${processes}/is-running.mjs`,
  ])
    cpSync(join(repoRoot, path), join(root, path), { recursive: true });
  write('package.json', '{ "packageManager": "pnpm@10.0.0", "type": "module" }');
  write('pnpm-lock.yaml', 'one');
  write('pnpm-workspace.yaml', '');
  write('packages/launcher/src/check/main.ts', FAKE_COMMAND);
  write('node_modules/pnpm/package.json', '{ "version": "10.0.0", "type": "commonjs" }');
  write('node_modules/pnpm/bin/pnpm.cjs', FAKE_PNPM);
  write('npm-cli.cjs', FAKE_PNPM);
});

const script = () => join(root, 'packages/launcher/bootstrap/bootstrap.mjs');

function bootstrap(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script(), ...args], {
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: join(root, 'npm-cli.cjs') },
  });
  return { status, stdout, stderr };
}

const pnpmCalls = () =>
  existsSync(join(root, 'pnpm.log')) ? readFileSync(join(root, 'pnpm.log'), 'utf8').trim().split('\n') : [];

test('--help tells what there is, on stdout', () => {
  const { status, stdout } = bootstrap('--help');
  expect(status).toBe(0);
  for (const command of ['npm start', 'npm test', 'npm run reset']) expect(stdout).toContain(command);
});

test('an unknown command, or none, is wrong usage', () => {
  for (const args of [[], ['nonsense'], ['constructor']]) {
    const { status, stdout, stderr } = bootstrap(...args);
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' });
    expect(stderr).toMatch(/^usage: npm start/);
  }
  expect(pnpmCalls()).toEqual([]);
});

test('reset explains itself, and removes nothing over a word that it does not know', () => {
  write('.data/broker/kept', '');
  expect(bootstrap('reset', '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^npm run reset/),
    stderr: '',
  });
  const stderr = expect.stringMatching(/^reset: takes no \S+ .*--help.*\n$/);
  for (const word of ['everything', '--force'])
    expect(bootstrap('reset', word)).toEqual({ status: 2, stdout: '', stderr });
  expect(existsSync(join(root, '.data/broker/kept'))).toBe(true);
});

test('installs once, then passes arguments and the exit code through without a word of its own', () => {
  const first = bootstrap('test', '3', 'apps/relay', '-t', 'a b');
  expect(first.status).toBe(3);
  expect(first.stdout).toMatch(
    /^\[bootstrap\] installing dependencies … \d+\.\d s\n\["3","apps\/relay","-t","a b"\]\n$/,
  );
  expect(bootstrap('test', '0')).toEqual({ status: 0, stdout: '["0"]\n', stderr: '' });
  expect(pnpmCalls()).toEqual([expect.stringContaining('install --frozen-lockfile')]);
});

test('installs again when the lockfile has changed', () => {
  bootstrap('test');
  write('pnpm-lock.yaml', 'two');
  expect(bootstrap('test').stdout).toContain('installing dependencies');
  expect(pnpmCalls()).toHaveLength(2);
});

test('an installation that fails shows why, runs nothing, and is tried again', () => {
  write('fail', '');
  const failed = bootstrap('test');
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('no such version') });
  expect(failed.stdout).not.toContain('[]');
  rmSync(join(root, 'fail'));
  expect(bootstrap('test')).toMatchObject({ status: 0, stdout: expect.stringContaining('[]') });
  expect(pnpmCalls()).toHaveLength(2);
});

test('brings the pnpm of package.json through npm when it is not there in that version', () => {
  write('node_modules/pnpm/package.json', '{ "version": "9.9.9" }');
  expect(bootstrap('test').status).toBe(0);
  expect(pnpmCalls()).toEqual([
    expect.stringMatching(/^exec --yes --package=pnpm@10\.0\.0 -- pnpm .* install /),
  ]);
});

test('a Node that does not run is replaced', () => {
  bootstrap('test');
  const node = join(root, 'node_modules/node/bin/node');
  rmSync(node);
  writeFileSync(node, 'half a download', { mode: 0o755 });
  expect(bootstrap('test')).toMatchObject({ status: 0, stdout: expect.stringContaining('installing') });
});

async function startWaitingCommand() {
  const child = spawn(process.execPath, [script(), 'test', 'wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await waitFor(() => output.includes('["wait"]'), { what: 'the command runs' });
  return { child, output: () => output };
}

test('SIGTERM reaches the command, whose exit code becomes ours', async () => {
  const { child, output } = await startWaitingCommand();
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  expect(code).toBe(7);
  expect(output()).toContain('asked to end');
});

test('the command ends when we are killed', async () => {
  const { child, output } = await startWaitingCommand();
  child.kill('SIGKILL');
  // The command holds the other end of the pipe: it closes when the command is gone.
  await once(child.stdout, 'close');
  expect(output()).toContain('asked to end');
});

test('reset removes the data, unless a server still works on it', () => {
  // The second line is the server's: its owner has gone, and it still works.
  write('.data/postgres/server.pid', `4194305 1\n${process.pid} ${startTimeOf(process.pid)}\n`);
  expect(bootstrap('reset')).toMatchObject({ status: 1, stderr: expect.stringContaining('in use') });
  expect(existsSync(join(root, '.data'))).toBe(true);
  write('.data/postgres/server.pid', '');
  expect(bootstrap('reset').status).toBe(0);
  expect(existsSync(join(root, '.data'))).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'reset is not held up by a server of before the reboot, whose number another process has now',
  () => {
    write('.data/postgres/server.pid', `${process.pid} 1\n`);
    expect(bootstrap('reset')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(root, '.data'))).toBe(false);
  },
);
