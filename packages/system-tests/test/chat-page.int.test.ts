import { listenerPhoto, serveBytes, startHttpServer, waitFor } from '@wbor/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (inject('chromiumMissing')) return;
  system = await startSystemUnderTest({ brokerUrl: inject('brokerUrl'), databaseUrl: inject('databaseUrl') });
  browser = await chromium.launch({
    executablePath: inject('chromiumPath'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  page = await browser.newPage();
  await page.goto(system.simulator.url);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

beforeEach((context) => {
  const missing = inject('chromiumMissing');
  if (missing) context.skip(`no browser: ${missing}`);
});

describe('the chat page, in a real browser', () => {
  it('takes a message that reaches the exchange and Postgres', async () => {
    await page.getByTestId('compose-name').fill('Station manager');
    await page.getByTestId('compose-text').fill('Who is on at nine? 🎙️');
    await page.getByTestId('compose-send').click();
    await page.getByTestId('message').filter({ hasText: 'Who is on at nine? 🎙️' }).waitFor();
    const row = await waitFor(
      async () =>
        (
          await system.database.query(
            "SELECT text, sender_type, payload FROM groupme_callbacks WHERE text LIKE 'Who is on at nine%'",
          )
        ).rows[0],
      { what: 'the callback in Postgres', timeoutMs: 20_000 },
    );
    expect(row).toMatchObject({ text: 'Who is on at nine? 🎙️', sender_type: 'user' });
    // All one needs to post as the bot must not be in a row.
    expect(JSON.stringify(row)).not.toContain(system.simulator.botId);
  });

  it('shows a relayed SMS with its picture', async () => {
    const web = await startHttpServer({ 'GET /photo': serveBytes(listenerPhoto(), 'image/jpeg') });
    system.onStop(() => web.dispose());
    await system.publish('source.twilio.sms.incoming', {
      From: '+12075550123',
      Body: 'A picture for you',
      MediaUrl0: `${web.url}/photo`,
      wbor_message_id: 'cafe0001-sms',
    });
    await page.getByTestId('message').filter({ hasText: 'A picture for you' }).waitFor();
    const picture = page.getByTestId('message').last().locator('img[src*="640x420"]');
    await picture.waitFor();
    const width = await picture.evaluate(async (image) => {
      const element = image as unknown as { decode(): Promise<void>; naturalWidth: number };
      await element.decode();
      return element.naturalWidth;
    });
    expect(width).toBeGreaterThan(0);
    await waitFor(
      async () => (await system.count('groupme_posts', "wbor_message_id = 'cafe0001-sms'")) === 2,
      {
        what: 'both posts in Postgres',
      },
    );
    expect(
      await system.count('groupme_images', "wbor_message_id = 'cafe0001-sms' AND outcome = 'delivered'"),
    ).toBe(1);
  });
});
