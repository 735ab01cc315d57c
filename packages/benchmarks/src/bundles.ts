import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type App, deployedNodeOptions } from '@wbor/start-system';
import { repoRoot } from '@wbor/testkit';
import { build } from 'esbuild';

const run = promisify(execFile);

const APPS: readonly App[] = ['relay', 'gateway', 'audit-logger', 'moderator'];
const FLOORS = ['forwarder', 'http', 'audit', 'commands'] as const;
export type FloorName = (typeof FLOORS)[number];

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The floor's file: as it is written, or bundled like an app. */
export function floorEntry(name: FloorName, form: 'source' | 'bundle'): string {
  return form === 'source' ? at(`./floors/${name}.ts`) : at(`../dist/${name}.cjs`);
}

export const COMPILE_CACHE = at('../dist/compile-cache');

/** What the images set: flags of Node, and where it finds what it has compiled when they were made. */
export function deployedEnv(app: App): Record<'NODE_ENV' | 'NODE_OPTIONS' | 'NODE_COMPILE_CACHE', string> {
  return {
    NODE_ENV: 'production',
    NODE_OPTIONS: deployedNodeOptions(app),
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
}

/** Bundles apps and floors alike: apps are deployed as bundles, and a floor that is not one would start more slowly. */
export async function buildBundles(): Promise<void> {
  await run(
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
  await Promise.all(
    APPS.map((app) =>
      run(process.execPath, [join(repoRoot, 'apps', app, 'dist/main.js'), '--help'], {
        env: deployedEnv(app),
      }),
    ),
  );
  // A floor ends at once without a broker.
  const env = {
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    RABBITMQ_URL: 'amqp://127.0.0.1:1',
    DATABASE_URL: 'postgres://127.0.0.1:1',
  };
  await Promise.allSettled(
    FLOORS.map((name) => run(process.execPath, [floorEntry(name, 'bundle')], { env })),
  );
}
