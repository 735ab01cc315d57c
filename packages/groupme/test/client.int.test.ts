import { createHash } from 'node:crypto';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGroupMeClient, type GroupMeClient } from '../src/index.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

let simulator: Simulator;
let client: GroupMeClient;

beforeAll(async () => {
  simulator = await startSimulator({ previewDelayMs: 0 });
  client = createGroupMeClient({
    apiUrl: simulator.apiUrl,
    imageUrl: simulator.imageUrl,
    botId: simulator.botId,
    accessToken: simulator.accessToken,
    userAgent: 'wbor-test/1',
  });
});
afterEach(() => simulator.reset());
afterAll(async () => {
  await client.close();
  await simulator.stop();
});

describe('postMessage', () => {
  it('sends the two fields of the original and shows the text in the chat', async () => {
    const text = '"UPS on battery power"\n---UID---\n0a1b2c3d\n---------';
    expect(await client.postMessage({ text })).toMatchObject({ status: 202 });

    const [request] = simulator.requests();
    expect(request).toMatchObject({
      method: 'POST',
      path: '/v3/bots/post',
      status: 202,
      headers: { 'content-type': 'application/json', 'user-agent': 'wbor-test/1' },
    });
    expect(JSON.stringify(request?.json)).toBe(JSON.stringify({ text, bot_id: simulator.botId }));
    expect(simulator.messages()).toMatchObject([{ text, sender_type: 'bot', attachments: [] }]);
  });

  it('sends an image with an empty text, as the original does', async () => {
    const pictureUrl = 'https://i.groupme.com/1x1.png.0123456789abcdef0123456789abcdef';
    await client.postMessage({ text: '', pictureUrl });

    expect(JSON.stringify(simulator.requests()[0]?.json)).toBe(
      JSON.stringify({ picture_url: pictureUrl, text: '', bot_id: simulator.botId }),
    );
    expect(simulator.messages()[0]?.attachments).toEqual([{ type: 'image', url: pictureUrl }]);
  });

  it('keeps every script, emoji and mark intact', async () => {
    const text = 'שלום\u200f 👩‍🚀 🇺🇸 👍🏽 "quoted" \\ back\ttab';
    await client.postMessage({ text });
    expect(simulator.messages()[0]?.text).toBe(text);
  });

  it.each([200, 201, 204])('counts %i as success', async (status) => {
    simulator.setFault({
      route: 'bots/post',
      mode: 'accept-then-status',
      status,
      body: 'not { JSON',
      times: 1,
    });
    expect(await client.postMessage({ text: 'hello' })).toMatchObject({ status });
  });
});

describe('uploadImage', () => {
  it('sends the bytes as they are, with their type and the token, and returns the address', async () => {
    const { status, pictureUrl } = await client.uploadImage(PNG, 'image/png');
    expect(status).toBe(200);
    expect(new URL(pictureUrl).pathname).toMatch(/^\/1x1\.png\.[0-9a-f]{32}$/);
    expect(simulator.requests()[0]).toMatchObject({
      path: '/pictures',
      bytes: PNG.length,
      sha256: createHash('sha256').update(PNG).digest('hex'),
      headers: { 'content-type': 'image/png', 'x-access-token': '[redacted]' },
    });
  });

  it('refuses a content type that no header can carry, before anything is sent', async () => {
    await expect(client.uploadImage(PNG, 'image/png\r\nx-evil: 1')).rejects.toMatchObject({
      code: 'GROUPME_REJECTED',
      status: 0,
    });
    expect(simulator.requests()).toEqual([]);
  });
});

describe('isImageReady', () => {
  it('is false until the thumbnail exists, and asks without the token', async () => {
    const { pictureUrl } = await client.uploadImage(PNG, 'image/png');
    simulator.setFault({ route: 'preview', mode: 'status', status: 404, times: 1 });
    expect(await client.isImageReady(pictureUrl)).toBe(false);
    expect(await client.isImageReady(pictureUrl)).toBe(true);
    const last = simulator.requests().at(-1);
    expect(last).toMatchObject({ method: 'HEAD', path: `${new URL(pictureUrl).pathname}.preview` });
    expect(last?.headers).not.toHaveProperty('x-access-token');
  });

  it.each(['not an address', 'http://127.0.0.1:1/1x1.png.0', 'ftp://127.0.0.1/x', ''])(
    'is false for %j',
    async (pictureUrl) => {
      expect(await client.isImageReady(pictureUrl)).toBe(false);
    },
  );

  it('is false when the connection breaks', async () => {
    const { pictureUrl } = await client.uploadImage(PNG, 'image/png');
    simulator.setFault({ route: 'preview', mode: 'reset' });
    expect(await client.isImageReady(pictureUrl)).toBe(false);
  });
});

describe('reading', () => {
  it('lists the bots of the account', async () => {
    expect(await client.listBots()).toMatchObject([
      { bot_id: simulator.botId, group_id: simulator.groupId, dm_notification: false, active: true },
    ]);
  });

  it('tells whose token it is', async () => {
    expect(await client.getMe()).toMatchObject({ id: '20000001', name: 'Station Manager' });
  });

  it('reads a group from both ends', async () => {
    for (const text of ['one', 'two', 'three', 'four']) await client.postMessage({ text });
    const texts = async (options: Parameters<GroupMeClient['listGroupMessages']>[1]) =>
      (await client.listGroupMessages(simulator.groupId, options)).map(({ text }) => text);
    const [, second, third] = simulator.messages();

    expect(await texts({})).toEqual(['four', 'three', 'two', 'one']);
    expect(await texts({ limit: 2 })).toEqual(['four', 'three']);
    expect(await texts({ beforeId: third?.id ?? '', limit: 1 })).toEqual(['two']);
    expect(await texts({ afterId: second?.id ?? '', limit: 1 })).toEqual(['three']);
    expect(await texts({ sinceId: second?.id ?? '', limit: 1 })).toEqual(['four']);
  });

  it('makes an empty list of 304 and of an empty page', async () => {
    expect(await client.listGroupMessages(simulator.groupId)).toEqual([]);
    expect(simulator.requests()[0]?.status).toBe(304);
    simulator.setFault({
      route: 'messages',
      mode: 'status',
      status: 200,
      body: { response: { count: 0, messages: [] }, meta: { code: 200 } },
    });
    expect(await client.listGroupMessages(simulator.groupId)).toEqual([]);
  });

  it('never puts the token into an address', async () => {
    await client.getMe();
    await client.listGroupMessages(simulator.groupId, { limit: 1 });
    for (const { query, headers } of simulator.requests()) {
      expect(query).not.toHaveProperty('token');
      expect(headers['x-access-token']).toBe('[redacted]');
    }
  });
});
