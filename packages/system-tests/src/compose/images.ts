import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { docker } from './engine.ts';

const IMAGES = [
  'relay',
  'gateway',
  'audit-logger',
  'moderator',
  'console',
  'rights',
  'groupme-simulator',
] as const;
const MOST_MB = 120;

/** As compose.yaml calls it. */
export function imageOf(name: (typeof IMAGES)[number]): string {
  return `${process.env.IMAGES ?? 'wbor-groupme'}/${name}:${process.env.IMAGES_TAG ?? 'local'}`;
}

/** What each image adds to its base, in MB of 1,000,000 bytes, and which add too much. */
export async function measureImages(): Promise<{ lines: string[]; failures: string[] }> {
  const dockerfile = await readFile(join(repoRoot, 'docker/Dockerfile'), 'utf8');
  const base =
    process.env.NODE_IMAGE || (/^FROM \$\{NODE_IMAGE:-(\S+)\} AS node-image/m.exec(dockerfile)?.[1] ?? '');
  // BuildKit keeps what it pulls to itself.
  const baseSize = await sizeOf(base).catch(async () => {
    await docker('pull', '--quiet', base);
    return await sizeOf(base);
  });
  const sizes = await Promise.all(
    IMAGES.map(async (name) => ({ name, added: (await sizeOf(imageOf(name))) - baseSize })),
  );
  return {
    lines: sizes.map(({ name, added }) => `image ${name}: ${added.toFixed(1)} MB over ${base}`),
    failures: sizes
      .filter(({ added }) => added > MOST_MB)
      .map(({ name }) => `image ${name} adds more than ${MOST_MB} MB`),
  };
}

async function sizeOf(image: string): Promise<number> {
  return Number(await docker('image', 'inspect', '--format', '{{.Size}}', image)) / 1e6;
}
