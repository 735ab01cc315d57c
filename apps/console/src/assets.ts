import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A file for browsers, as it is kept in memory. */
interface Asset {
  /** Where it is: its address changes with its content, so browsers may keep it for good. */
  readonly path: string;
  readonly type: string;
  readonly plain: Buffer;
  readonly brotli: Buffer;
  readonly gzip: Buffer;
}

const SOURCES = {
  'console.css': './assets/console.css',
  'console.js': './assets/console.js',
  'htmx.js': 'htmx.org/dist/htmx.min.js',
  'sse.js': 'htmx-ext-sse/dist/sse.min.js',
  'icon.svg': './assets/icon.svg',
} as const;
export type AssetName = keyof typeof SOURCES;
export type Assets = Readonly<Record<AssetName, Asset>>;

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Reads all of them: our own and those of packages, which a build has copied beside the bundle under our names for them. */
export function readAssets(): Assets {
  const require = createRequire(import.meta.url);
  const entries = Object.entries(SOURCES).map(([name, source]) => {
    const bundled = fileURLToPath(new URL(`./assets/${name}`, import.meta.url));
    const content = readFileSync(existsSync(bundled) ? bundled : require.resolve(source));
    const [, stem = '', extension = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
    const digest = createHash('sha256').update(content).digest('base64url').slice(0, 12);
    const asset: Asset = {
      path: `/assets/${stem}-${digest}.${extension}`,
      type: TYPES[extension] ?? 'application/octet-stream',
      plain: content,
      brotli: brotliCompressSync(content),
      gzip: gzipSync(content),
    };
    return [name, asset];
  });
  return Object.fromEntries(entries) as Assets;
}
