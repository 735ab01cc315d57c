import { CONSOLE_PASSWORD } from '@wbor/start-system';
import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

const NUMBER = '+12075550123';

let system: SystemUnderTest;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (inject('chromiumMissing')) return;
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    moderator: true,
    console: true,
  });
  browser = await chromium.launch({
    executablePath: inject('chromiumPath'),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  page = await context.newPage();
  await page.goto(system.consoleUrl);
  await page.getByLabel('Your name').fill('Night manager');
  await page.getByLabel('Password').fill(CONSOLE_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('heading', { name: 'Now' })
    .waitFor({ timeout: 8000 })
    .catch(async (e) => {
      console.log(await page.locator('body').innerText(), system.service('console').output().slice(-3000));
      throw e;
    });
  await page.getByText('Live.').waitFor();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

beforeEach((test) => {
  const missing = inject('chromiumMissing');
  if (missing) test.skip(`no browser: ${missing}`);
});

/** Writes down each state that the page shows of the message with these words. */
async function watchStates(words: string): Promise<() => Promise<string[]>> {
  await page.evaluate(`{
    const seen = (window.seen = []);
    const look = () => {
      const item = [...document.querySelectorAll('#live > li')].find((li) => li.textContent.includes(${JSON.stringify(words)}));
      const state = item?.querySelector('.state')?.textContent;
      if (state && seen.at(-1) !== state) seen.push(state);
    };
    new MutationObserver(look).observe(document.getElementById('live'), { childList: true, subtree: true });
  }`);
  return () => page.evaluate<string[]>('window.seen');
}

describe('the console, in a real browser, on a phone', () => {
  it('follows an SMS to its echo', async () => {
    const seen = await watchStates('Great show!');
    await system.publish('source.twilio.sms.incoming', {
      From: NUMBER,
      Body: `Great show! ${'x'.repeat(1_200)}`,
      wbor_message_id: 'c0ffee01-sms',
    });
    const item = page.locator('#live > li', { hasText: 'Great show!' });
    await item.getByText('in the chat, confirmed by echo').waitFor();
    const states = await seen();
    expect(states).toContain('received');
    expect(states.filter((state) => state.startsWith('planned in'))).toHaveLength(1);
    expect(states).toContain('posting part 2 of 2');
    expect(await item.textContent()).toContain('…0123');
    expect(await page.content()).not.toContain(NUMBER);
  });

  it('shows a doubt when GroupMe loses an answer, and how it ends', async () => {
    const seen = await watchStates('Who is on?');
    const chat = await context.newPage();
    await chat.goto(system.simulator.url);
    await chat.getByTestId('panel-toggle').click();
    await chat.getByRole('button', { name: /shown, then reset/ }).click();
    await chat.close();
    await system.send('ups', 'Who is on?', 'c0ffee02-send');
    await page.locator('#live > li', { hasText: 'Who is on?' }).getByText('confirmed by echo').waitFor();
    expect((await seen()).some((state) => state.startsWith('in doubt'))).toBe(true);
  });

  it('lets a poison message be edited and replayed', async () => {
    const connection = await connectAmqp(inject('brokerUrl'));
    system.onStop(() => connection.close());
    const channel = await connection.createConfirmChannel();
    const { exchange } = system.namespace;
    await publishRaw(channel, exchange, 'source.standard.ups', Buffer.from('{"body": "Power is back'));
    await page.getByText('1 message is parked in relay.parked').waitFor();
    await page.getByText('1 message is parked in relay.parked').click();
    await page.locator('ul.list a').first().click();
    const words = page.getByLabel('Edit it, as JSON');
    expect(await words.inputValue()).toBe('{"body": "Power is back');
    await words.fill('{"body": "Power is back"}');
    await page.getByRole('button', { name: 'Replay with these words' }).click();
    await page.getByText('1 message was replayed with your words.').waitFor();
    await page.getByText('Nothing is parked.').waitFor();
    await waitFor(() => system.posts().some((text) => text.includes('Power is back')), { what: 'the post' });
    const { rows } = await system.database.query(
      "select name, role from console_actions where action = 'parked.edit'",
    );
    expect(rows).toEqual([{ name: 'Night manager', role: 'operator' }]);
  });
});
