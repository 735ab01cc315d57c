import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { type HandlerMap, type RequestHandler, startBroker, startHttpServer, waitFor } from '@wbor/testkit';
import sharp from 'sharp';
import { setUpRelay } from '../test/relay-under-test.ts';

// Gives a relay the worst pictures that are known, and prints how large its process grew (Linux only), what became
// of the pictures, and how long another source's message with a small picture took meanwhile.
const MIB = 1024 * 1024;
const SLOW_CHUNKS = 28;
const SLOW_PAUSE_MS = 280;

const small = await sharp({ create: { width: 8, height: 4, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
const large = Buffer.concat([small, Buffer.alloc(14 * MIB - small.length)]);

function blank(width: number, height: number, channels: 3 | 4 = 3) {
  const background = { r: 200, g: 30, b: 30, alpha: 0.5 };
  return sharp({ create: { width, height, channels, background }, limitInputPixels: false });
}

/** Half a megabyte, a pause, and so on: about eight seconds for all of it. */
function slowly(headers: Record<string, number>): RequestHandler {
  return async (_request, response) => {
    response.writeHead(200, headers);
    for (let chunk = 0; chunk < SLOW_CHUNKS && !response.destroyed; chunk += 1) {
      response.write(
        large.subarray((chunk * large.length) / SLOW_CHUNKS, ((chunk + 1) * large.length) / SLOW_CHUNKS),
      );
      await pause(SLOW_PAUSE_MS);
    }
    response.end();
  };
}

function atOnce(bytes: Buffer): RequestHandler {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  };
}

async function frames(width: number, height: number, count: number): Promise<Buffer> {
  const stills = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      sharp({ create: { width, height, channels: 3, background: { r: index, g: 0, b: 0 } } })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    ),
  );
  return sharp(stills, { join: { animated: true }, limitInputPixels: false })
    .webp({ effort: 0, lossless: true })
    .toBuffer();
}

const noise = Buffer.alloc(3000 * 3000 * 4);
for (let index = 0, state = 1; index < noise.length; index += 1) {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  noise[index] = state >> 16;
}

const CASES: readonly { name: string; sources: number; images: number; handler: RequestHandler }[] = [
  {
    name: '24 × slow 14 MiB with a length',
    sources: 24,
    images: 1,
    handler: slowly({ 'content-length': large.length }),
  },
  { name: '24 × slow 14 MiB without one', sources: 24, images: 1, handler: slowly({}) },
  { name: '24 × 4 fast 14 MiB', sources: 24, images: 4, handler: atOnce(large) },
  {
    name: '10 × AVIF of 49 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(7000, 7000).avif({ effort: 0 }).toBuffer()),
  },
  {
    name: '10 × AVIF of 6 million pixels, transparent',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(3000, 2000, 4).avif({ effort: 0 }).toBuffer()),
  },
  {
    name: '10 × WebP of 49 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(7000, 7000).webp({ effort: 0 }).toBuffer()),
  },
  {
    name: '10 × lossless WebP of 49 million, transparent',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(7000, 7000, 4).webp({ effort: 0, lossless: true }).toBuffer()),
  },
  {
    name: '10 × WebP of noise, transparent, 13 MiB',
    sources: 10,
    images: 1,
    handler: atOnce(
      await sharp(noise, { raw: { width: 3000, height: 3000, channels: 4 } })
        .webp({ quality: 40, effort: 0 })
        .toBuffer(),
    ),
  },
  {
    name: '10 × TIFF of 49 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(7000, 7000).tiff({ compression: 'deflate' }).toBuffer()),
  },
  {
    name: '10 × TIFF of 900 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(30_000, 30_000).tiff({ compression: 'deflate' }).toBuffer()),
  },
  {
    name: '10 × WebP of 12 frames of 4 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await frames(2000, 2000, 12)),
  },
  {
    name: '10 × PNG of 900 million pixels',
    sources: 10,
    images: 1,
    handler: atOnce(await blank(30_000, 30_000).png().toBuffer()),
  },
];

/** Of a process, in MiB: now, or the most since the last call of `forgetPeak`. */
function resident(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const [, kib] = new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** Of a process and its children. */
function residentOfAll(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const pids = children === '' ? [] : children.split(' ').map(Number);
  return [pid, ...pids].reduce((sum, each) => {
    try {
      return sum + resident(each, 'VmRSS');
    } catch {
      // It has ended meanwhile.
      return sum;
    }
  }, 0);
}

function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** What the chat was told about pictures, with the number of times. */
function reasonsIn(posts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of posts) {
    for (const [, reason = ''] of text.matchAll(/^(?:A media item|Item \d+) (.+)\.$/gm)) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts].map(([reason, times]) => `${times} ${reason}`).join(', ');
}

const broker = await startBroker();
try {
  for (const { name, sources, images, handler } of CASES) {
    const handlers: HandlerMap = { 'GET /picture': handler, 'GET /small': atOnce(small) };
    const web = await startHttpServer(handlers);
    const world = await setUpRelay(broker.url);
    try {
      const relay = await world.start();
      const before = resident(relay.pid, 'VmRSS');
      forgetPeak(relay.pid);
      let mostOfAll = before;
      const sampler = setInterval(() => {
        mostOfAll = Math.max(mostOfAll, residentOfAll(relay.pid) || 0);
      }, 10);
      const startedAtMs = performance.now();
      const publish = (source: string, path: string, count: number) =>
        world.publish(`source.standard.${source}`, {
          body: source,
          source,
          wbor_message_id: `${source}-id`,
          images: Array.from({ length: count }, () => `${web.url}${path}`),
        });
      for (let number = 0; number < sources; number += 1) await publish(`s${number}`, '/picture', images);
      await publish('good', '/small', 1);
      const goodIsThere = () => world.posts().some((text) => text.startsWith('"good"'));
      await waitFor(goodIsThere, { what: 'the good message', timeoutMs: 120_000 });
      const goodMs = performance.now() - startedAtMs;
      const texts = () => world.posts().filter((text) => /^"s\d+"/.test(text));
      await waitFor(() => texts().length === sources, { what: 'all messages', timeoutMs: 180_000 });
      const allMs = performance.now() - startedAtMs;
      await pause(1_000);
      clearInterval(sampler);
      const posts = world.simulator.messages().filter(({ sender_type: type }) => type === 'bot');
      const shown = posts.filter(({ attachments }) =>
        attachments.some(({ type }) => type === 'image'),
      ).length;
      process.stdout.write(
        `${name}: ${before} MiB before, ${resident(relay.pid, 'VmHWM')} at most (${mostOfAll} with its conversions), ${resident(relay.pid, 'VmRSS')} after; ` +
          `all posted after ${(allMs / 1000).toFixed(1)} s, the other source's after ${(goodMs / 1000).toFixed(1)} s; ` +
          `${shown} pictures shown; ${reasonsIn(world.posts())}\n`,
      );
    } finally {
      await world.stop();
      await web.dispose();
    }
  }
} finally {
  await broker.dispose();
}
