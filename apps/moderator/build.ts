import { build } from 'esbuild';

// One file with everything in it: the image then needs Node alone. Packages that are CommonJS inside still
// call `require` for Node's own modules, which an ES module has to be given.
await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  // Optional native half of pg; pg itself catches that it is not there.
  external: ['pg-native'],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
