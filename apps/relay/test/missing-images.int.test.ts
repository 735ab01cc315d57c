import {
  type HttpRecorder,
  serveBytes,
  serveEndlessly,
  serveRedirect,
  serveSlowly,
  startHttpServer,
  waitFor,
} from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ONE_PIXEL_PNG } from './golden-cases.ts';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;
let web: HttpRecorder;

beforeEach(async () => {
  world = await setUpRelay(inject('brokerUrl'));
  web = await startHttpServer({ 'GET /image': serveBytes(ONE_PIXEL_PNG, 'image/png') });
  world.onStop(() => web.dispose());
});

afterEach(() => world.stop());

/** The one post about images that are missing. */
function notice(): Promise<string> {
  return waitFor(() => world.posts().find((text) => /^(A media item|\d+ media items could)/.test(text)), {
    what: 'the notice about missing images',
    timeoutMs: 30_000,
  });
}

describe('images that cannot be attached', () => {
  it('are told truly, each with its own reason, and the good one is shown', async () => {
    await world.start();
    web.handle({
      'GET /gone': (_request, response) => void response.writeHead(404).end(),
      'GET /page': serveBytes(Buffer.from('<!doctype html><html><body>no image</body></html>'), 'image/png'),
      'GET /endless': serveEndlessly(Buffer.concat([ONE_PIXEL_PNG, Buffer.alloc(64 * 1024)]), 'image/png'),
      'GET /slow': serveSlowly(ONE_PIXEL_PNG, 'image/png', 1_000),
      'GET /away': serveRedirect('http://127.0.0.2/image'),
    });
    const urls = ['/gone', '/page', '/endless', '/slow', '/away', '/image'].map(
      (path) => `${web.url}${path}`,
    );
    await world.publish('source.standard', {
      body: 'Six images',
      source: 'x',
      wbor_message_id: 'pics-1',
      images: [...urls, 'http://192.168.0.1/', 'http://[::ffff:169.254.169.254]/', 'ftp://example.org/a.png'],
    });
    const text = await notice();
    const lines = text.split('\n');
    expect(lines[0]).toBe('8 media items could not be attached:');
    const expected = [
      [1, /could not be fetched \(HTTP 404\)/],
      [2, /was not recognised as a picture/],
      [3, /is larger than 15 MiB/],
      [4, /could not be fetched within 10 s/],
      [5, /must not fetch from/],
      [7, /must not fetch from/],
      [8, /must not fetch from/],
      [9, /web address/],
    ] as const;
    for (const [index, [item, reason]] of expected.entries()) {
      expect(lines[index + 1]).toMatch(new RegExp(`^Item ${item} `));
      expect(lines[index + 1]).toMatch(reason);
    }
    const shown = world.simulator.messages().filter((message) => message.attachments.length > 0);
    expect(shown).toHaveLength(1);
    // Nobody told the chat what is at which address of ours.
    expect(text).not.toMatch(/10\.1\.2\.3|192\.168|169\.254|127\.0\.0\.1/);
    const events = world.events.messages.filter(({ routingKey }) => routingKey === 'source.groupme.img');
    expect(events.map(({ json }) => (json as { outcome: string }).outcome).toSorted()).toEqual([
      'delivered',
      ...Array.from({ length: 8 }, () => 'not-attached'),
    ]);
  });

  it('are told when they are cut off, though their server calls them whole', async () => {
    await world.start();
    web.handle({
      'GET /cut-off': serveBytes(ONE_PIXEL_PNG.subarray(0, ONE_PIXEL_PNG.length - 12), 'image/png'),
    });
    await world.publish('source.standard', {
      body: 'Half a picture',
      source: 'x',
      wbor_message_id: 'pics-4',
      images: [`${web.url}/cut-off`],
    });
    expect(await notice()).toMatch(/^A media item is cut off\.\n/);
    expect(world.posts()[0]).toMatch(/^"Half a picture"\n/);
  });

  it('are counted by reason, and leave no memory taken', async () => {
    const relay = await world.start();
    web.handle({ 'GET /gone': (_request, response) => void response.writeHead(404).end() });
    await world.publish('source.standard', {
      body: 'Two pictures',
      source: 'x',
      wbor_message_id: 'pics-5',
      images: [`${web.url}/gone`, `${web.url}/image`],
    });
    await notice();
    const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
    expect(metrics).toMatch(/^relay_images_failed_total\{.*code="HTTP_STATUS".*\} 1$/m);
    expect(metrics).toMatch(/^relay_image_memory_bytes(?:\{.*\})? 0$/m);
    expect(metrics).toMatch(/^relay_images_waiting(?:\{.*\})? 0$/m);
  });

  it('are refused on loopback when nobody has allowed it, without a request being made', async () => {
    await world.start({ IMAGE_ALLOW_HOSTS: '' });
    await world.publish('source.twilio.sms.incoming', {
      Body: 'Look',
      MediaUrl0: `${web.url}/image`,
      wbor_message_id: 'pics-2',
    });
    const text = await notice();
    expect(text).toMatch(
      /^A media item .*\.\n\nCheck the message in Twilio logs for details\.\n---UID---\n[0-9a-f]{8}\n---------$/,
    );
    expect(web.requests).toEqual([]);
  });

  it('are tried again when GroupMe does not take them at once', async () => {
    await world.start();
    world.simulator.setFault({ route: 'pictures', times: 1, mode: 'status', status: 503 });
    await world.publish('source.standard', {
      body: 'Second try',
      source: 'x',
      wbor_message_id: 'pics-3',
      images: [`${web.url}/image`],
    });
    await waitFor(() => world.posts().length === 2, { what: 'both posts' });
    const images = await world.events.waitForCount(4);
    expect(
      images
        .filter(({ routingKey }) => routingKey === 'source.groupme.img')
        .map(({ json }) => json as { code: number; attempt: number })
        .map(({ code, attempt }) => [code, attempt]),
    ).toEqual([
      [503, 1],
      [200, 2],
    ]);
  });
});

describe('a slow image', () => {
  it('holds up later messages of its own source, and of no other', async () => {
    await world.start();
    const release = Promise.withResolvers<void>();
    web.handle({
      'GET /later': async (_request, response) => {
        await release.promise;
        response.end(ONE_PIXEL_PNG);
      },
    });
    const publish = (source: string, body: string, images: string[] = []) =>
      world.publish(`source.standard.${source}`, { body, source, wbor_message_id: `${body}-id`, images });
    await publish('camera', 'slow', [`${web.url}/later`]);
    await publish('camera', 'behind');
    await publish('ups', 'other');
    await web.waitForRequest((request) => request.path === '/later');
    await waitFor(() => world.posts().length === 1, { what: 'the other source’s message' });
    expect(world.posts()).toEqual([expect.stringContaining('"other"')]);
    release.resolve();
    await waitFor(() => world.posts().length === 4, { what: 'the rest' });
    expect(world.posts().map((text) => text.slice(0, 7))).toEqual(['"other"', '"slow"\n', '', '"behind']);
  });
});
