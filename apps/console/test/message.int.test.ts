import { insertEvents } from '@wbor/database';
import { spyOnExchange } from '@wbor/testkit';
import { v4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { auditRows, wordsOf } from './audit-rows.ts';
import { createTestBed, type TestBed, type Visitor } from './test-bed.ts';

let bed: TestBed;
let rows: ReturnType<typeof auditRows>;
let ann: Visitor;

const at = (seconds: number): Date => new Date(Date.UTC(2026, 9, 1, 12, 0, seconds));
const page = async (id: string, visitor = ann): Promise<string> =>
  (await visitor.get(`/messages/${encodeURIComponent(id)}`)).text();
const NUMBER = '+12075550123';
const sms = { source: 'twilio', sender: NUMBER, sender_name: 'Jane' };

beforeAll(async () => {
  bed = await createTestBed();
  rows = auditRows(bed);
  ann = await bed.signedIn();
});
afterAll(async () => {
  await rows.close();
  await bed.dispose();
});

describe('the story of a message', () => {
  it('tells of doubt that an echo settled, call by call', async () => {
    const id = v4();
    const [one, two] = ['(1/2):\n"Part one"', '(2/2):\n"Part two"'];
    const part = { wbor_message_id: id, parts: 2, ...sms };
    const payload = { published_at: at(0).toISOString(), planned_at: at(0).toISOString() };
    await rows.post({ ...part, occurred_at: at(1), text: one, payload });
    await rows.post({
      ...part,
      occurred_at: at(2),
      text: two,
      part: 2,
      outcome: 'unreachable',
      code: 0,
      error: 'ECONNREFUSED',
    });
    await rows.post({
      ...part,
      occurred_at: at(3),
      text: two,
      part: 2,
      attempt: 2,
      code: 0,
      evidence: 'echo',
      duration_ms: 10_000,
    });
    await rows.echo(at(1), one);
    await rows.echo(at(4), two);
    const html = await page(id);
    const words = wordsOf(html);
    const told = [
      'in the chat, confirmed by echo',
      'Part one',
      'What happened',
      'to within a second Its producer sent it',
      'The relay took it, and had it ready to post',
      'part 1 of 2 attempt 1 HTTP 202 80 ms GroupMe took it',
      'part 1 of 2 echo The chat shows it',
      'part 2 of 2 attempt 1 no answer 80 ms GroupMe was not reached; nothing was posted It said: ECONNREFUSED',
      'part 2 of 2 attempt 2 no answer 10000 ms GroupMe took it',
      'It was in doubt until its echo showed that it is in the chat.',
      'part 2 of 2 echo The chat shows it',
    ];
    let from = 0;
    for (const line of told) {
      const found = words.indexOf(line, from);
      expect(found, `${line} in ${words}`).toBeGreaterThanOrEqual(from);
      from = found;
    }
  });

  it('gives an echo to nobody where two messages could claim it', async () => {
    const text = 'The same words';
    const [one] = [
      await rows.post({ occurred_at: at(100), text }),
      await rows.post({ occurred_at: at(101), text }),
    ];
    await rows.echo(at(102), text);
    expect(wordsOf(await page(one))).not.toContain('The chat shows it');
  });

  it('tells of what GroupMe took and did not show', async () => {
    const id = await rows.post({ occurred_at: at(200), text: 'Never shown' });
    await insertEvents(rows.db, 'groupme_undisplayed', [
      {
        event_id: v4(),
        occurred_at: at(320),
        wbor_message_id: id,
        source: 'ups',
        code: null,
        bot: 'b0',
        text: 'Never shown',
        picture_url: null,
        part: 1,
        parts: 1,
        sent_at: at(200),
        waited_ms: 120_000,
        payload: {},
      },
    ]);
    const words = wordsOf(await page(id));
    expect(words).toContain('accepted by GroupMe, but not shown in time');
    expect(words).toContain('waited 120 s GroupMe took it, and the chat has not shown it in time');
  });

  it('is found by its UID; several are listed; an unknown one is not there', async () => {
    const id = await rows.post({ wbor_message_id: 'b2c3d4e5-0000-4000-8000-000000000001', text: 'First' });
    const found = await ann.get('/messages/B2C3D4E5');
    expect([found.status, found.headers.get('location')]).toEqual([303, `/messages/${id}`]);
    await rows.post({ wbor_message_id: 'b2c3d4e5-0000-4000-8000-000000000002', text: 'Second' });
    expect(wordsOf(await page('b2c3d4e5'))).toMatch(
      /Several messages fit b2c3d4e5 .*(First|Second).*(First|Second)/,
    );
    const missing = await ann.get('/messages/ffffffff');
    expect([missing.status, wordsOf(await missing.text())]).toEqual([
      404,
      expect.stringContaining('no message of that name'),
    ]);
  });

  it('keeps the words of a blocked one for moderators', async () => {
    const id = await rows.post({
      ...sms,
      text: 'hidden insult',
      outcome: 'blocked',
      code: 0,
      picture_url: 'https://i.groupme.com/x',
    });
    const viewer = await page(id, await bed.signedIn('Vic', 'viewer'));
    expect(viewer).not.toMatch(/hidden insult|i\.groupme\.com\/x/);
    expect(await page(id, await bed.signedIn('Mo', 'moderator'))).toContain('hidden insult');
  });
});

describe('a number', () => {
  it('is masked until a moderator asks for it, which is written down', async () => {
    const id = await rows.post({ ...sms, sender_name: NUMBER, text: 'Hi' });
    const mo = await bed.signedIn('Mo', 'moderator');
    const before = await page(id, mo);
    expect(before).not.toContain('2075550123');
    expect(wordsOf(before)).toContain('…0123');
    expect(before).toContain(`<form method="post" action="/messages/${id}/ban"`);
    const path = `/messages/${id}/number`;
    const csrf = await mo.csrf();
    const piece = await (await mo.post(path, { csrf }, { 'hx-request': 'true' })).text();
    expect(piece).toMatch(/^<p role="status"><strong>\+12075550123<\/strong>/);
    expect(await (await mo.submit(path)).text()).toContain(`<h1>Message ${id.slice(0, 8)}</h1>`);
    const { rows: actions } = await bed.pool.query(
      'select name, role, action from console_actions where target = $1',
      [id],
    );
    expect(actions).toEqual(
      Array.from({ length: 2 }, () => ({ name: 'Mo', role: 'moderator', action: 'number.show' })),
    );
    expect(wordsOf(await page(id, mo))).toContain('Mo had the sender’s number shown');
  });

  it('is refused to a viewer, who sees no button', async () => {
    const id = await rows.post({ ...sms, text: 'Hi' });
    const viewer = await bed.signedIn('Vic', 'viewer');
    expect(await page(id, viewer)).not.toMatch(/Show the number|Ban the sender/);
    const refused = await viewer.submit(`/messages/${id}/number`);
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toContain('2075550123');
    expect((await bed.pool.query('select from console_actions where target = $1', [id])).rows).toEqual([]);
  });
});

it('leaves what strangers wrote a text', async () => {
  const evil = '<script>alert(1)</script>"onload="alert(2)';
  const addresses = [
    'javascript:alert(3)',
    'https://i.groupme.com/"onload="alert(4)',
    `https://evil.example/${evil}`,
  ];
  const id = `evil ${evil}/../?`;
  for (const [index, picture_url] of addresses.entries()) {
    const post = {
      ...sms,
      wbor_message_id: id,
      sender_name: evil,
      source: evil,
      error: evil,
      part: index + 1,
      parts: 3,
    };
    await rows.post({ ...post, text: evil, picture_url });
  }
  for (const path of [
    `/messages/${encodeURIComponent(id)}`,
    `/messages?q=alert&source=${encodeURIComponent(evil)}`,
    '/sources',
    '/statistics',
  ]) {
    const html = await (await ann.get(path)).text();
    expect(html, path).not.toContain('<script>alert');
    // Within a tag no quote of theirs ends an attribute.
    expect(html, path).not.toMatch(/<[^>]*"onload="/);
    expect(html, path).not.toMatch(/(?:href|src)="(?:javascript|data):/);
    expect(html, path).not.toMatch(/src="https:\/\/evil/);
    expect(html, path).toContain('&lt;script>alert(1)');
  }
});

describe('a test of a source', () => {
  it('is published as that source, and leads to its message', async () => {
    await rows.post({ source: 'studio-door' });
    const spy = await spyOnExchange(inject('brokerUrl'), bed.namespace.exchange, 'source.standard.#');
    try {
      const sent = await ann.submit('/sources/test', { source: 'studio-door' });
      const [, id] = /^\/sources\?sent=([0-9a-f-]{36})$/.exec(sent.headers.get('location') ?? '') ?? [];
      const { json, routingKey } = await spy.waitForMessage(() => true);
      expect(routingKey).toBe('source.standard.studio-door');
      expect(json).toMatchObject({
        body: 'Test of studio-door from the console by Ann',
        source: 'studio-door',
        wbor_message_id: id,
      });
      expect(await (await ann.get(`/sources?sent=${id}`)).text()).toContain(`<a href="/messages/${id}">`);
    } finally {
      await spy.close();
    }
  });

  it('is for operators, and not of a source that others speak for', async () => {
    const moderator = await bed.signedIn('Mo', 'moderator');
    expect((await moderator.submit('/sources/test', { source: 'studio-door' })).status).toBe(403);
    expect((await ann.submit('/sources/test', { source: 'twilio' })).status).toBe(400);
  });
});
