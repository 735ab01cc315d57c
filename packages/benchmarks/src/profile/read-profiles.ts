import { readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { type CpuProfile, type CpuShare, type FindSource, summariseProfile } from './summarise.ts';

export interface ProcessProfile {
  /** The scenario, and the app. */
  readonly name: string;
  readonly shares: readonly CpuShare[];
}

/** Reads the profiles that a run has left in a folder, one folder each: `SCENARIO.APP`. */
export async function readProfiles(folder: string): Promise<ProcessProfile[]> {
  const profiles: ProcessProfile[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const findSource = await createFindSource(name.split('.')[1] ?? '');
    for (const file of await readdir(join(folder, name))) {
      const profile = JSON.parse(await readFile(join(folder, name, file), 'utf8')) as CpuProfile;
      profiles.push({ name, shares: summariseProfile(profile, findSource) });
    }
  }
  return profiles;
}

async function createFindSource(app: string): Promise<FindSource> {
  const path = join(repoRoot, 'apps', app, 'dist/main.js.map');
  const map = new SourceMap(JSON.parse(await readFile(path, 'utf8')));
  return (line, column) => {
    const entry = map.findEntry(line, column);
    return 'originalSource' in entry ? entry.originalSource : undefined;
  };
}
