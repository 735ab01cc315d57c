import type { Releases } from '@wbor/start-system';
import { ensureChromium } from '@wbor/testkit';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';

/** Takes pictures of the chat page. */
export interface Camera {
  /** A PNG of the messages in the chat, and nothing around them, once that many are shown. */
  take(messages: number): Promise<Buffer>;
}

const MARGIN_PX = 12;

/** The clock of the messages is left out, so that the same messages make the same picture. */
const STYLE = '.meta { display: none !important }';

/** @throws Error when there is no Chromium. */
export async function openCamera(chatPage: string, releases: Releases): Promise<Camera> {
  const found = await ensureChromium((step) => process.stderr.write(`${step}\n`));
  if ('missing' in found) throw new Error(`no browser: ${found.missing}`);
  const browser = await chromium.launch({
    executablePath: found.path,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  releases.add(() => browser.close());
  const page = await browser.newPage({
    viewport: { width: 520, height: 900 },
    colorScheme: 'light',
    // The page lets nobody add a style.
    bypassCSP: true,
  });
  await page.goto(chatPage);
  await page.addStyleTag({ content: STYLE });
  return {
    async take(messages) {
      await page
        .getByTestId('message')
        .nth(messages - 1)
        .waitFor();
      await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))');
      const picture = await page.screenshot({ clip: await frameOf(page) });
      // A few colours are enough for words.
      return sharp(picture).png({ palette: true, colours: 64, effort: 10 }).toBuffer();
    },
  };
}

/** Around all messages. */
async function frameOf(page: Page) {
  const parts = await page.locator('.message :is(.avatar, .name, .bubble):visible').all();
  const boxes = (await Promise.all(parts.map((part) => part.boundingBox()))).filter((box) => box !== null);
  const x = Math.min(...boxes.map((box) => box.x)) - MARGIN_PX;
  const y = Math.min(...boxes.map((box) => box.y)) - MARGIN_PX;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + MARGIN_PX;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + MARGIN_PX;
  return { x, y, width: right - x, height: bottom - y };
}
