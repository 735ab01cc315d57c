import { deflateSync } from 'node:zlib';
import {
  type HttpRecorder,
  serveBytes,
  serveEndlessly,
  serveRedirect,
  serveSlowly,
  startHttpServer,
  waitFor,
} from '@wbor/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { makePicture } from '../../src/chaos/messages.ts';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
let web: HttpRecorder;
beforeAll(async () => {
  bed = await startHostileBed();
  web = await startHttpServer();
});
afterAll(async () => {
  await bed?.stop();
  await web?.dispose();
});

const MEBIBYTE = 2 ** 20;
const picture = makePicture(1);
/** As large as a picture may be, and no more of a picture than its beginning. */
const large = Buffer.concat([picture.subarray(0, picture.length - 12), Buffer.alloc(14 * MEBIBYTE)]);

/** A small file that says that it is 60,000 pixels wide and high. */
function bomb(): Buffer {
  const copy = Buffer.from(picture);
  copy.writeUInt32BE(60_000, 16);
  copy.writeUInt32BE(60_000, 20);
  return copy;
}

describe('5: pictures', () => {
  it('24 sources with pictures of 14 MiB each at once cost little memory, and every text is in the chat', async () => {
    web.handle({ '/large.png': serveBytes(large, 'image/png') });
    for (let source = 0; source < 24; source += 1)
      await bed.publish(`source.standard.p${source}`, {
        body: `p50 from ${source}`,
        source: `p${source}`,
        images: [`${web.url}/large.png`],
      });
    await bed.expectUnharmed('5, 24 sources');
    await waitFor(() => bed.postsWith('p50 from').length >= 24, { what: 'every text', timeoutMs: 90_000 });
    await bed.expectUnharmed('5, 24 sources, afterwards');
  }, 150_000);

  it.each([
    ['one that never ends', serveEndlessly(Buffer.alloc(65_536, 'x'), 'image/png')],
    ['a byte a second', serveSlowly(picture, 'image/png', 1_000)],
    ['redirects without end', serveRedirect('/odd.png')],
    ['a page', serveBytes(Buffer.from('<html>'), 'image/png')],
    ['nothing', serveBytes(Buffer.alloc(0), 'image/png')],
    ['one that is cut off', serveBytes(picture.subarray(0, 40), 'image/png')],
    ['60,000 pixels wide and high', serveBytes(bomb(), 'image/png')],
    ['a compressed gigabyte', serveBytes(deflateSync(Buffer.alloc(100 * MEBIBYTE)), 'image/webp')],
  ])('%s is named in the chat, and its text is there', async (what, handler) => {
    web.handle({ '/odd.png': handler });
    await bed.publish('source.standard.odd', {
      body: `p51 ${what}`,
      source: 'odd',
      images: [`${web.url}/odd.png`],
    });
    await bed.expectUnharmed(`5, ${what}`);
    await waitFor(() => bed.postsWith(`p51 ${what}`).length > 0, { what: 'the text', timeoutMs: 60_000 });
  });
});
