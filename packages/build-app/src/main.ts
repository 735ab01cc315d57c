#!/usr/bin/env node
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const USAGE = `build-app [OPTIONS]: bundles the app of this folder, src/main.ts with all its packages, into dist/main.js

  --entry NAME=WHAT      another bundle, NAME.js, of a file or a package
  --external PACKAGE     not in the bundle: it holds native code, or need not be there
  --no-sources-content   a source map without the sources
  --outdir FOLDER        default dist; it is emptied
  --help                 this text
`;

const { values } = parseArgs({
  options: {
    entry: { type: 'string', multiple: true, default: [] },
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
