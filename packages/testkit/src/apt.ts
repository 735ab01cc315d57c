import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { runCommand } from './process/run-command.ts';

const POLICY = '/usr/sbin/policy-rc.d';
const SAVED_POLICY = `${POLICY}.before-wbor-testkit`;
const MARK = '# written by wbor testkit; safe to remove';
/** Longer than apt-get may take below, twice updated and tried. */
const POLICY_LIFETIME_S = 45 * 60;

let last: Promise<unknown> = Promise.resolve();

/** Undefined when apt-get may install packages here, otherwise why not. */
export function canInstallPackages(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return 'this is not Debian or Ubuntu';
  if (process.getuid?.() !== 0) return 'needs root';
  return undefined;
}

/** Installs Debian packages, one call at a time, and keeps every service that they bring from being started. */
export function installPackages(packages: readonly string[]): Promise<void> {
  const mine = last.then(() => withoutServiceStarts(() => install(packages)));
  last = mine.catch(() => undefined);
  return mine;
}

async function install(packages: readonly string[]): Promise<void> {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: 600_000,
  };
  const apt = (...args: readonly string[]) =>
    runCommand('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], options);
  const installNow = () => apt('install', '-y', '--no-install-recommends', ...packages);
  if (!(await havePackageLists())) await apt('update');
  try {
    await installNow();
  } catch {
    // Lists from last month name files that the mirror no longer has.
    await apt('update');
    await installNow();
  }
}

async function havePackageLists(): Promise<boolean> {
  const names = await readdir('/var/lib/apt/lists').catch(() => []);
  return names.some((name) => name.includes('_Packages'));
}

/**
 * Forbids service starts, but not for ever: if we are killed it stays behind, and then does what `saved` says, or
 * nothing.
 */
export function policyScript(untilUnixSeconds: number, saved: string): string {
  return `#!/bin/sh
${MARK}
[ "$(date +%s)" -lt ${Math.ceil(untilUnixSeconds)} ] && exit 101
[ -x '${saved}' ] && exec '${saved}' "$@"
exit 0
`;
}

/**
 * Debian starts a freshly installed server at once, on its usual port and for good. `policy-rc.d` is its own way of
 * saying no to that.
 */
async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  const current = await readFile(POLICY, 'utf8').catch(() => undefined);
  // Left behind by a run that was killed: then the saved one, if any, is the real one.
  if (current !== undefined && !current.includes(MARK)) await rename(POLICY, SAVED_POLICY);
  await writeFile(POLICY, policyScript(Date.now() / 1000 + POLICY_LIFETIME_S, SAVED_POLICY));
  await chmod(POLICY, 0o755);
  try {
    await work();
  } finally {
    await rm(POLICY, { force: true });
    if (existsSync(SAVED_POLICY)) await rename(SAVED_POLICY, POLICY);
  }
}
