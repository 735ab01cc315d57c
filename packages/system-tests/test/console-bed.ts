import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CONSOLE_PASSWORD } from '@wbor/start-system';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** @param debuggingPort where programs other than Playwright reach it, on loopback. */
export function launchBrowser(executablePath: string, debuggingPort: number): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      `--remote-debugging-port=${debuggingPort}`,
    ],
  });
}

export const PHONE = { viewport: { width: 390, height: 844 } } as const;
export const DESKTOP = { viewport: { width: 1280, height: 900 } } as const;

/** A page of somebody who has signed in, as a context of its own. */
export async function signInto(
  browser: Browser,
  consoleUrl: string,
  options: BrowserContextOptions = PHONE,
  name = 'Night manager',
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(consoleUrl);
  await signIn(page, name);
  await page.getByRole('heading', { name: 'Now' }).waitFor();
  return page;
}

/** Fills in the form that the page shows. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Password').fill(CONSOLE_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with the page as it is now, in words. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.map(
    ({ help, id, nodes }) =>
      `${new URL(page.url()).pathname}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' … ')}`,
  );
}
