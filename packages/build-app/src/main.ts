#!/usr/bin/env node
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const USAGE = `build-app [OPTIONS]: bundles the app of this folder, src/main.ts with all its packages, into dist/main.js
(with it files of what more than one entry has, or what is only imported at need)

  --entry NAME=WHAT      another bundle, NAME.js, of a file or a package
  --asset NAME=SOURCE    a copy in assets/NAME, of a file (./…) or of a package's
  --external PACKAGE     not in the bundle: it holds native code, or need not be there
  --no-sources-content   a source map without the sources
  --outdir FOLDER        default dist; it is emptied
  --help                 this text
`;

const { values } = parseArgs({
  options: {
    entry: { type: 'string', multiple: true, default: [] },
    asset: { type: 'string', multiple: true, default: [] },
    external: { type: 'string', multiple: true, default: [] },
    'no-sources-content': { type: 'boolean', default: false },
    outdir: { type: 'string', default: 'dist' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

/**
 * Node's own modules by `require`. Imported, one of them has all its exports read at once, also those that are otherwise
 * loaded when first used: `node:http` so loads a WebSocket and a `fetch` that nobody needs, a tenth of the start.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^node:/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : { path, external: true },
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const entries = ['main=src/main.ts', ...values.entry].map((entry) => {
  const [out = '', what = ''] = entry.split('=');
  return { in: what, out };
});
await rm(values.outdir, { recursive: true, force: true });
await build({
  entryPoints: entries,
  outdir: values.outdir,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // What is imported only when it is needed is a file of its own.
  splitting: true,
  plugins: [requireBuiltins],
  // Names stay, for stacks. Comments hold characters for which V8 would keep the whole file at two bytes each.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'external',
  sourcemap: true,
  sourcesContent: !values['no-sources-content'],
  external: values.external,
  // CommonJS packages call require() and read __dirname, which an ES module does not have.
  banner: {
    js: [
      "import { createRequire as bannerCreateRequire } from 'node:module';",
      "import { fileURLToPath as bannerFileURLToPath } from 'node:url';",
      'const require = bannerCreateRequire(import.meta.url);',
      'const __filename = bannerFileURLToPath(import.meta.url);',
      "const __dirname = bannerFileURLToPath(new URL('.', import.meta.url));",
    ].join('\n'),
  },
  logLevel: 'warning',
});

if (values.asset.length > 0) await mkdir(join(values.outdir, 'assets'));
const { resolve: resolvePackage } = createRequire(resolve('package.json'));
for (const asset of values.asset) {
  const [name = '', source = ''] = asset.split('=');
  await copyFile(resolvePackage(source), join(values.outdir, 'assets', name));
}
