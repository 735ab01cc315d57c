import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, TestkitError } from './errors.ts';
import { removeFolderAtEnd } from './process/keep.ts';
import { runCommand } from './process/run-command.ts';

const TOOLS = ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/bin/dpkg-query'];
const UNFINISHED = 'unpacking-';
/** Longer than one may take that still works. */
const UNFINISHED_LIFETIME_MS = 60 * 60_000;

export interface UnpackOptions {
  /** The package that is wanted. */
  readonly name: string;
  /** Packages that must be in the same folder, even those of them that are installed: a pattern of dpkg-query. */
  readonly together?: string;
  /** Makes the files work in their new place. The folder may be moved after that. */
  readonly prepare?: (folder: string) => Promise<void>;
  readonly onProgress?: (step: string) => void;
}

/**
 * The folder into which a Debian package is unpacked, with everything that it needs and this machine lacks. Nothing is
 * installed and root is not needed. The folder stays in the user's cache, where every clone finds it without asking the
 * network again.
 * @throws TestkitError `COMMAND_FAILED` where there is no apt-get, or with the words of apt-get or dpkg-deb.
 */
export async function unpackPackages(options: UnpackOptions): Promise<string> {
  const shelf = join(cacheFolder(), machineName());
  const known = await findUnpacked(shelf, options.name);
  if (known !== undefined) return known;
  if (!TOOLS.every((path) => existsSync(path))) {
    throw new TestkitError('COMMAND_FAILED', 'this is not Debian or Ubuntu');
  }
  await mkdir(shelf, { recursive: true });
  await removeLeftovers(shelf);
  const work = await mkdtemp(join(shelf, UNFINISHED));
  const keepFolder = removeFolderAtEnd(work);
  try {
    const root = join(work, 'root');
    const archives = await download(work, options);
    options.onProgress?.(`unpacking into ${shelf}`);
    await mkdir(root);
    for (const archive of archives) {
      await runCommand('dpkg-deb', ['--extract', join(work, 'archives', archive), root]);
    }
    await options.prepare?.(root);
    return await publish(root, join(shelf, versionedName(options.name, archives)));
  } finally {
    await rm(work, { recursive: true, force: true });
    keepFolder();
  }
}

/** Where the libraries of an unpacked folder are, as `LD_LIBRARY_PATH` wants it. */
export async function libraryPath(folder: string): Promise<string> {
  const found: string[] = [];
  for (const parent of [join(folder, 'lib'), join(folder, 'usr/lib')]) {
    const names = await readdir(parent).catch(() => []);
    found.push(...names.filter((name) => name.includes('-linux-gnu')).map((name) => join(parent, name)));
  }
  return found.join(':');
}

/** Downloads what is missing, and returns the names of the files in `work/archives`. */
async function download(work: string, { name, together, onProgress }: UnpackOptions): Promise<string[]> {
  const config = join(work, 'apt.conf');
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(work, 'archives/partial'), { recursive: true });
  await writeFile(config, aptConfig(work));
  const apt = (...args: readonly string[]) =>
    runCommand('apt-get', [...args, '--config-file', config], {
      env: { ...process.env, LC_ALL: 'C' },
      timeoutMs: 600_000,
    });
  onProgress?.('reading the package lists with apt-get');
  // One bad source among many fails the update, and is most often not the one that we need.
  const updateFailure = await apt('update').then(() => undefined, messageOf);
  onProgress?.(`downloading ${name} and what it needs with apt-get`);
  try {
    const again = together === undefined ? [] : await installedPackages(together);
    await apt(
      'install',
      '--yes',
      '--download-only',
      '--reinstall',
      '--no-install-recommends',
      name,
      ...again,
    );
  } catch (error) {
    if (updateFailure === undefined) throw error;
    throw new TestkitError('COMMAND_FAILED', `${updateFailure}\n${messageOf(error)}`, { cause: error });
  }
  return (await readdir(join(work, 'archives'))).filter((file) => file.endsWith('.deb'));
}

/**
 * Everything that apt-get writes is in `work`; what it reads of the machine are the sources and what is installed. The
 * machine's own hooks are for its own lists, and only the lists of packages are wanted, not those of files and icons.
 */
function aptConfig(work: string): string {
  return `Dir::State "${work}";
Dir::State::lists "${work}/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "${work}";
Dir::Cache::archives "${work}/archives";
Debug::NoLocking "true";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb::Packages {
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  flatMetaKey "Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  flatDescription "$(RELEASE) Packages";
  Optional "no";
};
`;
}

async function installedPackages(pattern: string): Promise<string[]> {
  const format = '$' + '{db:Status-Status} $' + '{Package}\\n';
  // dpkg-query fails when nothing matches.
  const answer = await runCommand('dpkg-query', ['--show', '--showformat', format, pattern]).catch(() => '');
  return answer
    .split('\n')
    .filter((line) => line.startsWith('installed '))
    .map((line) => line.slice('installed '.length));
}

/** When we are killed, the keeper removes the folder, and then an apt-get that outlives us may write into it again. */
async function removeLeftovers(shelf: string): Promise<void> {
  for (const entry of await readdir(shelf)) {
    const path = join(shelf, entry);
    if (!entry.startsWith(UNFINISHED) || Date.now() - (await stat(path)).mtimeMs < UNFINISHED_LIFETIME_MS)
      continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Moves the complete folder to its name at one stroke. Somebody else's, who was faster, is as good. */
async function publish(root: string, target: string): Promise<string> {
  try {
    await rename(root, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
  return target;
}

function versionedName(name: string, archives: readonly string[]): string {
  const archive = archives.find((file) => file.startsWith(`${name}_`));
  if (archive === undefined) throw new TestkitError('COMMAND_FAILED', `apt-get brought no ${name}`);
  return archive.replace(/_[^_]*\.deb$/, '');
}

async function findUnpacked(shelf: string, name: string): Promise<string | undefined> {
  const entries = await readdir(shelf).catch(() => []);
  const newest = entries
    .filter((entry) => entry.startsWith(`${name}_`))
    .sort()
    .at(-1);
  return newest === undefined ? undefined : join(shelf, newest);
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wbor-groupme');
}

/** Packages of another release or architecture would not run: each has a folder of its own. */
function machineName(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(release)?.[1];
  return `${field('ID') ?? 'linux'}-${field('VERSION_ID') ?? field('VERSION_CODENAME') ?? 'rolling'}-${process.arch}`;
}
