import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runCommand } from '../src/process/run-command.ts';
import { unpackPackages } from '../src/unpack-packages.ts';

const MODULE = new URL('../src/unpack-packages.ts', import.meta.url).href;
const name = 'wbor-wanted';
let folder: string;

/** A repository of two packages, which is all that apt-get knows here, and an empty cache. */
async function prepareRepository(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'wbor-packages-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const index = await Promise.all([
    buildPackage(name, 'usr/share/wbor/wanted', '\nDepends: wbor-needed'),
    buildPackage('wbor-needed', 'usr/share/wbor/needed'),
  ]);
  await write('repository/Packages', index.join('\n'));
  await write('sources.list', `deb [trusted=yes] copy:${folder}/repository ./\n`);
  await write(
    'apt.conf',
    `Dir::Etc::sourcelist "${folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n`,
  );
  vi.stubEnv('APT_CONFIG', join(folder, 'apt.conf'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Returns its entry in the index. */
async function buildPackage(title: string, path: string, extra = ''): Promise<string> {
  const control = `Package: ${title}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody${extra}\nDescription: a test\n`;
  await write(`${title}/DEBIAN/control`, control);
  await write(`${title}/${path}`, title);
  const file = `repository/${title}_1.0_all.deb`;
  await mkdir(join(folder, 'repository'), { recursive: true });
  await runCommand('dpkg-deb', ['--root-owner-group', '--build', join(folder, title), join(folder, file)]);
  const content = await readFile(join(folder, file));
  const hash = createHash('sha256').update(content).digest('hex');
  return `${control}Filename: ./${title}_1.0_all.deb\nSize: ${content.length}\nSHA256: ${hash}\n`;
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

/** What is in the folder of this machine's kind. */
async function cached(): Promise<string[]> {
  const [machine = ''] = await readdir(join(folder, 'cache/wbor-groupme')).catch(() => []);
  return machine === '' ? [] : await readdir(join(folder, 'cache/wbor-groupme', machine));
}

describe.skipIf(!existsSync('/usr/bin/apt-get'))('Debian packages in a folder of their own', () => {
  beforeEach(prepareRepository);

  test('a package comes with what it needs; the second time nobody asks for it', async () => {
    const prepare = vi.fn(async (fresh: string) => writeFile(join(fresh, 'prepared'), 'yes'));
    const first = await unpackPackages({ name, prepare });
    expect(await readFile(join(first, 'usr/share/wbor/wanted'), 'utf8')).toBe(name);
    expect(await readFile(join(first, 'usr/share/wbor/needed'), 'utf8')).toBe('wbor-needed');
    expect(existsSync(join(first, 'prepared'))).toBe(true);
    await rm(join(folder, 'repository'), { recursive: true });
    expect(await unpackPackages({ name, prepare })).toBe(first);
    expect(prepare).toHaveBeenCalledOnce();
    expect(await cached()).toEqual(['wbor-wanted_1.0']);
  });

  test('two at once get the same folder', async () => {
    const [one, other] = await Promise.all([unpackPackages({ name }), unpackPackages({ name })]);
    expect(one).toBe(other);
    expect(await cached()).toEqual(['wbor-wanted_1.0']);
  });

  test('one that fails or is killed half-way leaves nothing that passes for complete', async () => {
    const prepare = () => Promise.reject(new Error('half-way'));
    await expect(unpackPackages({ name, prepare })).rejects.toThrow('half-way');
    expect(await cached()).toEqual([]);

    const script = `const { unpackPackages } = await import(${JSON.stringify(MODULE)});
      await unpackPackages({ name: '${name}', prepare: () => process.kill(process.pid, 'SIGKILL') });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await cached()).not.toContain('wbor-wanted_1.0');
    expect(existsSync(join(await unpackPackages({ name }), 'usr/share/wbor/needed'))).toBe(true);
  });

  test('a package that cannot be had is refused with the reason of the source that failed', async () => {
    await rm(join(folder, 'repository'), { recursive: true });
    const refusal = await unpackPackages({ name }).catch(String);
    expect(refusal).toContain('Failed to fetch');
    expect(refusal).toContain(`Unable to locate package ${name}`);
    expect(await cached()).toEqual([]);
  });
});
