import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { ServiceName } from './services.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of each service as far as this machine knows it: ours, which wins, then the service's own `.env`, then the one
 * of the folder.
 */
export async function readEnvironments(
  services: readonly ServiceName[],
  folder: string,
  ours: Environment,
): Promise<Map<ServiceName, Environment>> {
  const shared = await readEnvFile(join(folder, '.env'));
  const environments = services.map(async (name) => {
    const own = await readEnvFile(join(folder, 'apps', name, '.env'));
    return [name, { ...shared, ...own, ...ours }] as const;
  });
  return new Map(await Promise.all(environments));
}

async function readEnvFile(path: string): Promise<Environment> {
  try {
    return parseEnv(await readFile(path, 'utf8'));
  } catch (error) {
    // As a rule there is none.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return {};
    }
    throw error;
  }
}
