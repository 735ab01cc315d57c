import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { gatewaySettings } from '@wbor/gateway/config';
import { z } from 'zod';
import { describeError } from '../describe-error.ts';
import { readPart } from '../patient.ts';
import { type Check, type Finding, fault, ok, warning } from '../types.ts';

const filesPart = z.object({
  SPOOL_FILE: gatewaySettings.shape.SPOOL_FILE,
  SPOOL_MAX_BYTES: gatewaySettings.shape.SPOOL_MAX_BYTES,
  TOKENS_FILE: gatewaySettings.shape.TOKENS_FILE,
  HOOKS_FILE: gatewaySettings.shape.HOOKS_FILE,
});

/** With less the disk is full before anybody looks. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** What the gateway keeps on disk, as seen from here: it means something only where the gateway runs. */
export const files: Check = {
  name: 'files',
  summary: 'the files of the gateway: folders, rights, room on the disk',
  async run({ environments }) {
    const config = readPart(filesPart, environments.get('gateway'));
    if (config === undefined) return [];
    const findings = [
      config.SPOOL_FILE === undefined
        ? []
        : examineWritten('SPOOL_FILE', config.SPOOL_FILE, config.SPOOL_MAX_BYTES),
      config.TOKENS_FILE === undefined ? [] : examineWritten('TOKENS_FILE', config.TOKENS_FILE, 0),
      config.HOOKS_FILE === undefined ? [] : examineRead('HOOKS_FILE', config.HOOKS_FILE),
    ];
    return (await Promise.all(findings)).flat();
  },
};

async function examineWritten(name: string, path: string, wantedBytes: number): Promise<Finding[]> {
  const folder = dirname(resolve(path));
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('it is no folder');
    await access(folder, constants.W_OK | constants.X_OK);
    await accessIfThere(path);
  } catch (error) {
    return [
      fault(
        name,
        `${path} cannot be written: ${describeError(error)}`,
        `make the folder ${folder}, and give it to the user of the gateway; or set ${name} to a file in another one`,
      ),
    ];
  }
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes < LEAST_FREE_BYTES) {
    return [
      fault(
        name,
        `the disk of ${folder} is full: ${inMiB(freeBytes)} free`,
        'delete what is not needed there, or use another disk',
      ),
    ];
  }
  if (freeBytes < wantedBytes) {
    return [
      warning(
        name,
        `the disk of ${folder} has ${inMiB(freeBytes)} free, and SPOOL_MAX_BYTES allows ${inMiB(wantedBytes)}`,
        'free some of it, or lower SPOOL_MAX_BYTES',
      ),
    ];
  }
  return [ok(name, `${path} can be written; ${inMiB(freeBytes)} free`)];
}

/** @throws when it is there and is no file, or may not be read and written. */
async function accessIfThere(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile()) throw new Error('it is no file');
  await access(path, constants.R_OK | constants.W_OK);
}

async function examineRead(name: string, path: string): Promise<Finding[]> {
  try {
    await access(path, constants.R_OK);
    return [ok(name, `${path} can be read`)];
  } catch (error) {
    return [
      fault(
        name,
        `${path} cannot be read: ${describeError(error)}`,
        `correct ${name}, or give the file to the user of the gateway`,
      ),
    ];
  }
}

function inMiB(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
