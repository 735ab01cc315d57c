import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { repoRoot } from '@wbor/testkit';
import { build } from 'esbuild';

const FLOORS = ['forwarder', 'http', 'audit', 'commands'] as const;
export type FloorName = (typeof FLOORS)[number];

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The floor's file: as it is written, or bundled like an app. */
export function floorEntry(name: FloorName, form: 'source' | 'bundle'): string {
  return form === 'source' ? at(`./floors/${name}.ts`) : at(`../dist/${name}.cjs`);
}

/** Bundles apps and floors alike: apps are deployed as bundles, and a floor that is not one would start more slowly. */
export async function buildBundles(): Promise<void> {
  await promisify(execFile)(
    at('../../../node_modules/.bin/turbo'),
    ['run', 'build', '--filter=./apps/*', '--output-logs=errors-only', '--ui=stream'],
    {
      cwd: repoRoot,
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: '1',
        // It looks for pnpm.
        PATH: [at('../../../node_modules/.bin'), process.env.PATH].join(delimiter),
      },
    },
  );
  await build({
    entryPoints: Object.fromEntries(FLOORS.map((name) => [name, floorEntry(name, 'source')])),
    outdir: at('../dist'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: ['pg-native'],
    logLevel: 'warning',
  });
}
