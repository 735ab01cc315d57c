import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAmqp, publishRaw, repoRoot, waitFor } from '@wbor/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { axeViolations, DESKTOP, launchBrowser, PHONE, signInto } from './console-bed.ts';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

const NUMBER = '+12075550123';

let system: SystemUnderTest;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (inject('chromiumMissing')) return;
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    moderator: true,
    console: true,
  });
  browser = await launchBrowser(inject('chromiumPath'));
  page = await signInto(browser, system.consoleUrl);
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
    const chat = await browser.newPage();
    await chat.goto(system.simulator.url);
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

  it('bans a number, whose next SMS does not come into the chat', async () => {
    await page.goto(`${system.consoleUrl}/messages/c0ffee01-sms`);
    await page.getByText('Ban the sender').first().click();
    await page.getByRole('button', { name: 'Ban the sender' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /banned/i })
      .waitFor();
    await page.goto(system.consoleUrl);
    await page.getByText('Live.').waitFor();
    await system.publish('source.twilio.sms.incoming', {
      From: NUMBER,
      Body: 'You cannot stop me',
      wbor_message_id: 'c0ffee03-sms',
    });
    await page
      .locator('#live > li', { hasText: '(blocked)' })
      .getByText('blocked', { exact: true })
      .waitFor();
    expect(system.posts().some((text) => text.includes('You cannot stop me'))).toBe(false);
    // Until the page is opened anew it shows what it was told first; from then on the words are gone.
    expect(await page.locator('#live').textContent()).not.toContain('You cannot stop me');
  });

  it('says that a source has been silent for longer than it ever is', async () => {
    await system.database.query(`insert into groupme_posts (event_id, occurred_at, wbor_message_id, source, code, outcome, payload)
      select gen_random_uuid(), now() - week * interval '7 days' - interval '1 day', 'endec ' || week, 'endec', 202, 'delivered', '{}'
      from generate_series(1, 8) as week`);
    await page.goto(`${system.consoleUrl}/sources`);
    await page.getByText('silent for 8 days, usually weekly').first().waitFor();
  });

  it('is not moved by an SMS that is made to attack it', async () => {
    const attack = '</p><img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    await page.goto(system.consoleUrl);
    await page.getByText('Live.').waitFor();
    await system.publish('source.twilio.sms.incoming', {
      From: '+12075550199',
      Body: attack,
      SenderName: `"><svg onload="window.hit=1">`,
      MediaUrl0: 'javascript:window.hit=1',
      wbor_message_id: '0bad0bad"><script>window.hit=1</script>',
    });
    await page.locator('#live > li', { hasText: '</p><img' }).first().waitFor();
    await waitFor(async () => (await system.count('groupme_posts', "wbor_message_id like '0bad0bad%'")) > 0, {
      what: 'the row of the post',
    });
    await page.locator('#live > li a', { hasText: '</p><img' }).first().click();
    await page.getByText('<script>').first().waitFor();
    for (const path of ['/', '/messages', '/statistics', '/sources']) {
      await page.goto(`${system.consoleUrl}${path}`);
      expect(await page.evaluate('window.hit'), path).toBeUndefined();
      expect(await page.locator('main script, main svg[onload], main img[onerror]').count(), path).toBe(0);
    }
  });

  it('weighs less than 150 KB, and brings nothing from elsewhere', async () => {
    // With nothing kept from before.
    const visitor = await signInto(browser, system.consoleUrl);
    const [bytes, origins] = await visitor.evaluate<[number, string[]]>(`{
      const loaded = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      [loaded.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0), loaded.map(({ name }) => new URL(name).origin)];
    }`);
    await visitor.context().close();
    expect(new Set(origins)).toEqual(new Set([system.consoleUrl]));
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
    console.log(`console: the page Now weighs ${Math.round(bytes / 1024)} KiB`);
  });

  it.each([
    ['a phone, in the dark', { ...PHONE, colorScheme: 'dark' }, 'phone'],
    ['a desktop, in the light', { ...DESKTOP, colorScheme: 'light' }, 'desktop'],
  ] as const)('is accessible on %s, page by page', async (_name, options, shot) => {
    const visitor = await signInto(browser, system.consoleUrl, options);
    const paths = {
      now: '/',
      messages: '/messages',
      message: '/messages/c0ffee02-send',
      parked: '/parked',
      bans: '/bans',
      sources: '/sources',
      statistics: '/statistics',
      account: '/account',
      missing: '/nowhere',
    };
    const found: string[] = [];
    for (const [name, path] of Object.entries(paths)) {
      await visitor.goto(`${system.consoleUrl}${path}`);
      if (name === 'now') await visitor.getByText('Live.').waitFor();
      found.push(...(await axeViolations(visitor)));
      // Nothing is wider than the screen.
      const overflow = await visitor.evaluate<number>(
        'document.documentElement.scrollWidth - window.innerWidth',
      );
      if (overflow > 0) found.push(`${path}: ${overflow} px wider than the screen`);
      await takePicture(visitor, `console-${name}-${shot}`);
    }
    await visitor.context().close();
    const stranger = await browser.newPage(options);
    await stranger.goto(system.consoleUrl);
    found.push(...(await axeViolations(stranger)));
    await stranger.close();
    expect(found).toEqual([]);
  });
});

/** For the documents, with `CONSOLE_PICTURES=yes`. */
async function takePicture(of: Page, name: string): Promise<void> {
  if (process.env.CONSOLE_PICTURES !== 'yes' || name.includes('missing') || name.includes('account')) return;
  const folder = join(repoRoot, 'docs/images');
  await mkdir(folder, { recursive: true });
  await of.screenshot({ path: join(folder, `${name}.png`) });
}
