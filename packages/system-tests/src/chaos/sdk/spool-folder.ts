import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What stands in the files of a spool, of all processes that use or used it. */
export async function readSpool(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^spool(\.\d+)?$/.test(name));
  // Removed meanwhile by the process that was done with it.
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return texts.join('\n');
}

/** The ids of messages that were accepted: their record is in the file, whole. */
export function acceptedIds(spool: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const line of spool.split('\n')) {
    const record = parse(line.slice(line.indexOf('{')));
    if (record?.t === 'accepted' && record.message !== undefined) ids.add(record.message.id);
  }
  return ids;
}

function parse(json: string): { t?: string; message?: { id: string } } | undefined {
  try {
    return JSON.parse(json) as { t?: string; message?: { id: string } };
  } catch {
    return undefined;
  }
}
