import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Bundles the service with all its packages into one file: `node dist/main.js` needs nothing beside it.
 * The script of the API reference page is a string inside its package, so it is in the bundle too.
 *
 * Usage: `node build.ts [folder]`; the folder is emptied.
 */
const folder = process.argv[2] ?? here('dist');

await rm(folder, { recursive: true, force: true });
await build({
  entryPoints: [here('src/main.ts')],
  outfile: join(folder, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // The 5 MB of the reference page would be in the map a second time.
  sourcesContent: false,
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
