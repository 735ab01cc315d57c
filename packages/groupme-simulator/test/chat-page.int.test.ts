import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import process from 'node:process';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

const CHROMIUM = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

let browser: Browser | undefined;
let receiver: Server;
let callbackStatus = 200;
let simulator: Simulator;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.resume();
    response.writeHead(callbackStatus).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  simulator = await startSimulator({ callbackUrl: `http://127.0.0.1:${address.port}/callback/x` });
  if (CHROMIUM === undefined) return;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}, 60_000);

beforeEach(async (context) => {
  if (browser === undefined) {
    context.skip('no Chromium: set CHROMIUM_PATH, or install it as /usr/bin/chromium');
    return;
  }
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // The browser reports a connection that a test has cut; that is none of the page's faults.
    if (message.type() === 'error' && !message.text().includes('net::ERR_')) problems.push(message.text());
  });
  await page.goto(simulator.url);
  await page.getByTestId('connection').getByText('live').waitFor();
});

afterEach(async () => {
  await page?.close();
  simulator.reset();
  callbackStatus = 200;
  expect(problems.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await simulator.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

function post(fields: Record<string, string>): Promise<Response> {
  return fetch(`${simulator.apiUrl}/bots/post`, {
    method: 'POST',
    body: JSON.stringify({ bot_id: simulator.botId, ...fields }),
  });
}

/** A wire between browser and simulator that can be cut. */
async function startCutter(port: string) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createTcpServer((socket) => {
    if (isCut) {
      socket.destroy();
      return;
    }
    const onward = connect(Number(port), '127.0.0.1');
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        sockets.delete(end);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut() {
      isCut = true;
      cutAll();
    },
    mend() {
      isCut = false;
    },
    async stop() {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const messages = () => page.getByTestId('message');

it('shows a post of the bot as it comes, line by line, with its delivery', async () => {
  const text = '"UPS on battery power"\n---UID---\n0a1b2c3d\n---------';
  await post({ text });
  await messages().first().waitFor();
  const bubble = messages().first();
  expect(await bubble.getAttribute('data-sender-type')).toBe('bot');
  expect(await bubble.getAttribute('data-message-id')).toBe(simulator.messages()[0]?.id);
  // biome-ignore lint/performance/useDomNodeTextContent: what is seen counts, and lines must be seen as lines
  expect(await bubble.locator('.text').innerText()).toBe(text);
  await bubble.locator('.delivery[data-state=delivered]').waitFor();
});

it('warns when the callback was not taken, with its status', async () => {
  callbackStatus = 503;
  await simulator.postAsMember({ name: 'Kim', text: 'hi' });
  const delivery = messages().locator('.delivery[data-state=failed]');
  await delivery.waitFor();
  expect(await delivery.textContent()).toContain('503');
});

it('lets a person speak: Shift+Enter makes a line, Enter sends, the name is remembered', async () => {
  await page.getByTestId('compose-name').fill('Kim Alvarez');
  const text = page.getByTestId('compose-text');
  await text.focus();
  await page.keyboard.type('first');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second');
  await page.keyboard.press('Enter');
  await messages().first().waitFor();

  expect(simulator.messages()).toMatchObject([
    { name: 'Kim Alvarez', text: 'first\nsecond', sender_type: 'user' },
  ]);
  await expect.poll(() => text.inputValue()).toBe('');
  await page.reload();
  await messages().first().waitFor();
  expect(await page.getByTestId('compose-name').inputValue()).toBe('Kim Alvarez');
});

it('sends by the button as well, and nothing when there is nothing', async () => {
  await page.getByTestId('compose-send').click();
  await page.getByTestId('compose-text').fill('!ping');
  await page.getByTestId('compose-send').click();
  await messages().first().waitFor();
  expect(simulator.messages().map(({ text }) => text)).toEqual(['!ping']);
});

it('takes text for text, whatever it looks like', async () => {
  const text = '<img src=x onerror="document.title=\'broken\'"><b>bold</b>';
  await simulator.postAsMember({ name: '<i>Kim</i>', text });
  await messages().first().waitFor();
  expect(await messages().locator('.text').textContent()).toBe(text);
  expect(await messages().locator('.name').textContent()).toBe('<i>Kim</i>');
  expect(await messages().locator('img, b, i').count()).toBe(0);
});

it('shows an uploaded picture, without a request of its own in the list', async () => {
  const answer = await fetch(`${simulator.imageUrl}/pictures`, {
    method: 'POST',
    body: PNG,
    headers: { 'x-access-token': simulator.accessToken },
  });
  const { payload } = (await answer.json()) as { payload: { picture_url: string } };
  await post({ text: '', picture_url: payload.picture_url });
  await messages().locator('img').waitFor();
  await expect.poll(() => page.evaluate('document.querySelector(".message img").naturalWidth')).toBe(1);
  expect(simulator.requests().map(({ path }) => path)).toEqual(['/pictures', '/v3/bots/post']);
});

it('makes a bubble as wide as its picture, and says what else is attached', async () => {
  const wide = Buffer.from(PNG);
  // Only the header is read; the page lays the picture out by the size in its address.
  wide.writeUInt32BE(1200, 16);
  wide.writeUInt32BE(700, 20);
  const answer = await fetch(`${simulator.imageUrl}/pictures`, {
    method: 'POST',
    body: wide,
    headers: { 'x-access-token': simulator.accessToken },
  });
  const { payload } = (await answer.json()) as { payload: { picture_url: string } };
  expect(payload.picture_url).toContain('/1200x700.png.');
  await post({ text: '', picture_url: payload.picture_url });
  await simulator.postAsMember({ name: 'Kim', attachments: [{ type: 'location', name: 'Studio' }] });
  await messages().getByText('Attached: location').waitFor();
  const box = await messages().locator('.picture').boundingBox();
  expect(box?.width).toBe(360);
  expect(box?.height).toBe(210);
  const bubble = await messages().locator('.bubble').first().boundingBox();
  expect(bubble?.width).toBeLessThan(400);
});

it('switches faults on, shows them at work, and off again', async () => {
  await page.getByTestId('fault-next-500').click();
  await page.getByTestId('fault-list').getByText('answers 500').waitFor();
  expect((await post({ text: 'lost' })).status).toBe(500);
  await page.getByTestId('request-log').getByText('500', { exact: true }).waitFor();
  await expect.poll(() => page.getByTestId('fault-list').locator('li').count()).toBe(0);

  await page.getByTestId('fault-rate-limit').click();
  await page.getByTestId('fault-list').locator('li').waitFor();
  const statuses = [];
  for (const text of ['one', 'two', 'three']) statuses.push((await post({ text })).status);
  expect(statuses).toEqual([202, 202, 429]);

  await page.getByTestId('fault-clear').click();
  await expect.poll(() => page.getByTestId('fault-list').locator('li').count()).toBe(0);
  expect((await post({ text: 'four' })).status).toBe(202);
  expect(simulator.messages().map(({ text }) => text)).toEqual(['one', 'two', 'four']);
});

it.each([
  'fault-shown-503',
  'fault-shown-reset',
  'fault-hang',
  'fault-outage',
  'fault-pictures',
  'fault-callback-lost',
])('has a button for %s that the simulator takes', async (testId) => {
  await page.getByTestId(testId).click();
  await page.getByTestId('fault-list').locator('li').waitFor();
  expect(simulator.faults()).toHaveLength(1);
});

it('catches up by itself after its connection was cut', async () => {
  const cutter = await startCutter(new URL(simulator.url).port);
  try {
    await page.goto(cutter.url);
    await page.getByTestId('connection').getByText('live').waitFor();
    cutter.cut();
    await page.getByTestId('connection').getByText('not connected').waitFor();
    await post({ text: 'meanwhile' });
    expect(await messages().count()).toBe(0);
    cutter.mend();
    await messages().getByText('meanwhile').waitFor();
    await post({ text: 'live again' });
    await messages().getByText('live again').waitFor();
    expect(await messages().count()).toBe(2);
  } finally {
    await cutter.stop();
  }
});

it('starts over', async () => {
  await post({ text: 'old' });
  await messages().first().waitFor();
  await page.getByTestId('reset').click();
  await expect.poll(() => messages().count()).toBe(0);
  expect(simulator.messages()).toEqual([]);
});

it('does not pull a reader away from what is read', async () => {
  for (let index = 0; index < 40; index += 1) await post({ text: `message ${index}` });
  await messages().nth(39).waitFor();
  const scrollTop = () => page.evaluate('document.getElementById("chat-log").scrollTop');
  await expect.poll(scrollTop).toBeGreaterThan(100);
  await page.evaluate('document.getElementById("chat-log").scrollTop = 0');
  await post({ text: 'newest' });
  await page.getByTestId('to-newest').waitFor();
  expect(await scrollTop()).toBe(0);
  await page.getByTestId('to-newest').click();
  await expect.poll(scrollTop).toBeGreaterThan(100);
});

it('fits a phone, where the panel opens by a button and closes by Escape', async () => {
  await page.setViewportSize({ width: 390, height: 800 });
  await post({ text: `https://example.org/${'long'.repeat(100)}` });
  await messages().first().waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(await page.getByTestId('fault-clear').isVisible()).toBe(false);
  await page.getByTestId('panel-toggle').click();
  expect(await page.getByTestId('fault-clear').isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  expect(await page.getByTestId('fault-clear').isVisible()).toBe(false);
});

it('names its fields, and announces what is new in the chat', async () => {
  expect(await page.getByRole('log').getAttribute('aria-live')).toBe('polite');
  for (const [role, name] of [
    ['textbox', 'Speak as'],
    ['textbox', 'Message'],
    ['button', 'Send'],
    ['button', 'Clear faults'],
  ] as const) {
    expect(await page.getByRole(role, { name, exact: true }).count()).toBe(1);
  }
});
