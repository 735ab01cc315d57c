import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstallPackages, installPackages } from './apt.ts';
import { messageOf } from './errors.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const USUAL_PATHS = [
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Finds a Chromium or Chrome: `CHROMIUM_PATH`, this machine's, or Debian's package, installed when we are root. */
export async function ensureChromium(
  onProgress?: (step: string) => void,
): Promise<{ readonly path: string } | { readonly missing: string }> {
  const named = process.env.CHROMIUM_PATH ?? '';
  if (named !== '') {
    return existsSync(named)
      ? { path: named }
      : { missing: `CHROMIUM_PATH names ${named}, which does not exist` };
  }
  const found = findChromium();
  if (found !== undefined) return { path: found };
  const refusal = canInstallPackages();
  if (refusal !== undefined)
    return { missing: `no Chromium is installed, and apt-get cannot be used: ${refusal}` };
  try {
    onProgress?.('installing chromium with apt-get');
    await installPackages(['chromium']);
  } catch (error) {
    return { missing: `apt-get install chromium: ${messageOf(error)}` };
  }
  const installed = findChromium();
  return installed === undefined ? { missing: 'apt-get brought no chromium' } : { path: installed };
}

function findChromium(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  const candidates = [
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...USUAL_PATHS,
  ];
  return candidates.find((path) => existsSync(path));
}
