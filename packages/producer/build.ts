import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';

// Makes what is published: index.js with its types, wbor-send.js, and the example dashboard-bridge.js, each one file that runs
// on Node 20 alone, and the licence.

const { values } = parseArgs({ options: { outdir: { type: 'string', default: 'dist' } } });
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const lightUndici: Plugin = {
  name: 'light-undici',
  setup(hooks) {
    hooks.onResolve({ filter: /^undici$/ }, () => ({ path: here('src/undici-agent.js') }));
  },
};

// CommonJS packages call require(), which an ES module does not have.
const REQUIRE =
  "import { createRequire as bannerCreateRequire } from 'node:module';\nconst require = bannerCreateRequire(import.meta.url);";

const DECLARATIONS = `
/** What the caller has to know of: a message was not accepted. Its text holds no secret. */
export declare class ProducerError extends Error {
  readonly name: 'ProducerError';
  readonly code: ProducerErrorCode;
  constructor(code: ProducerErrorCode, message: string);
}

/** @throws ProducerError with code INVALID_OPTIONS. */
export declare function createProducer(options: ProducerOptions): Producer;
`;

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [lightUndici],
};

await rm(values.outdir, { recursive: true, force: true });
await mkdir(values.outdir, { recursive: true });
await build({
  ...common,
  entryPoints: [here('src/index.ts')],
  outfile: `${values.outdir}/index.js`,
  banner: { js: REQUIRE },
});
await build({
  ...common,
  entryPoints: [here('src/cli/main.ts')],
  outfile: `${values.outdir}/wbor-send.js`,
  banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
});
await build({
  ...common,
  entryPoints: [here('examples/dashboard-bridge/bridge.ts')],
  outfile: `${values.outdir}/dashboard-bridge.js`,
  banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
});
await copyFile(here('../../LICENSE'), `${values.outdir}/LICENSE`);
for (const program of ['wbor-send', 'dashboard-bridge']) await chmod(`${values.outdir}/${program}.js`, 0o755);
await writeFile(
  `${values.outdir}/index.d.ts`,
  `${await readFile(here('src/types.ts'), 'utf8')}${DECLARATIONS}`,
);
