import { makeMonths } from '@wbor/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRows, wordsOf } from './audit-rows.ts';
import { createTestBed, type TestBed, type Visitor } from './test-bed.ts';

let bed: TestBed;
let rows: ReturnType<typeof auditRows>;
let ann: Visitor;

const HOUR = 3_600_000;
const START = Date.UTC(2026, 9, 1, 12);
const hours = (count: number): Date => new Date(START + count * HOUR);
/** Words of each message in the list, newest first. */
const listed = (html: string): string[] =>
  [...html.matchAll(/<p class="words"><a href="[^"]*">([^<]*)<\/a>/g)].map(([, words]) => words ?? '');
const page = async (path: string, visitor = ann): Promise<string> => (await visitor.get(path)).text();
const found = async (query: string, visitor = ann) => listed(await page(`/messages?${query}`, visitor));

beforeAll(async () => {
  bed = await createTestBed();
  rows = auditRows(bed);
  ann = await bed.signedIn();
  // Those of October are in a month of their own, the others in the default partition.
  await makeMonths(rows.db, hours(0), hours(0));
  const sms = { source: 'twilio', sender_name: 'Jane' };
  await rows.post({ occurred_at: hours(0), text: 'Thunderstorm over the studio', source: 'endec' });
  await rows.post({ occurred_at: hours(1), text: 'Please play a waltz', sender: '+12075550123', ...sms });
  await rows.post({
    occurred_at: hours(2),
    text: 'Stormy Monday, 50% louder',
    sender: '(207) 555-0123',
    ...sms,
  });
  await rows.post({
    occurred_at: hours(3),
    text: 'ok',
    sender: '+12075559999',
    ...sms,
    wbor_message_id: 'evt77',
  });
  await rows.post({
    occurred_at: hours(30),
    text: 'hidden insult',
    outcome: 'blocked',
    code: 0,
    sender: '+12075559999',
    ...sms,
  });
  await rows.post({ occurred_at: hours(31), text: 'Too late', outcome: 'expired', code: 0 });
  await rows.post({ occurred_at: hours(32), text: 'Bad request', outcome: 'rejected', code: 400 });
  await rows.post({
    occurred_at: hours(33),
    text: 'Nobody knows',
    outcome: 'unknown',
    code: 0,
    evidence: 'none',
  });
  const settled = await rows.post({
    occurred_at: hours(34),
    text: 'Second try',
    outcome: 'unknown',
    code: 0,
    evidence: 'none',
  });
  await rows.post({ occurred_at: hours(34.1), text: 'Second try', attempt: 2, wbor_message_id: settled });
  await rows.echo(hours(34.101), 'Second try');
  await rows.post({ occurred_at: hours(35), text: 'Posted by itself', outcome: 'already-sent' });
  await rows.post({ occurred_at: hours(36), text: 'Later', outcome: 'refused', code: 429 });
});
afterAll(async () => {
  await rows.close();
  await bed.dispose();
});

describe('the list of messages', () => {
  it('is newest first, with states in words', async () => {
    const html = await page('/messages');
    expect(listed(html)).toEqual([
      'Later',
      'Posted by itself',
      'Second try',
      'Nobody knows',
      'Bad request',
      'Too late',
      '(blocked)',
      'ok',
      'Stormy Monday, 50% louder',
      'Please play a waltz',
      'Thunderstorm over the studio',
    ]);
    const states = [...html.matchAll(/<span class="state (\w+)">([^<]*)<\/span>/g)].map(
      ([, tone, words]) => `${tone}: ${words}`,
    );
    expect(states.slice(0, 8)).toEqual([
      'wait: waiting to be tried again',
      'good: logged only',
      'good: in the chat, confirmed by echo',
      'wait: in doubt',
      'bad: refused and parked',
      'bad: expired',
      'bad: blocked',
      'good: in the chat',
    ]);
  });

  it.each([
    ['q=storm', ['Stormy Monday, 50% louder', 'Thunderstorm over the studio']],
    ['q=storm&whole=yes', []],
    ['q=THUNDERSTORM+studio&whole=yes', ['Thunderstorm over the studio']],
    ['q=50%25', ['Stormy Monday, 50% louder']],
    ['q=5_%25', []],
    ['q=ok', ['ok']],
    ["q=it's\\ or 'x'", []],
    ['q=%2B%2B', []],
    ['source=endec', ['Thunderstorm over the studio']],
    ['sender=0123', ['Stormy Monday, 50% louder', 'Please play a waltz']],
    ['sender=…9999', ['(blocked)', 'ok']],
    ['by=evt77', ['(blocked)', 'ok']],
    ['by=nobody', []],
    ['uid=Evt77', ['ok']],
    ['uid=evt7', ['ok']],
    ['uid=evt', []],
    ['state=doubt', ['Nobody knows']],
    ['state=refused', ['Bad request']],
    ['state=blocked', ['(blocked)']],
    ['state=expired', ['Too late']],
    ['state=logged', ['Posted by itself']],
    ['state=waiting', ['Later']],
    ['state=confirmed', ['Second try']],
    ['state=blocked&q=waltz', []],
    ['state=blocked&source=twilio', ['(blocked)']],
    ['state=blocked&source=ups', []],
    ['from=2026-10-02&to=2026-10-02&q=o', []],
    ['from=2026-10-01&to=2026-10-01&source=endec', ['Thunderstorm over the studio']],
    ['from=2026-10-02&source=endec', []],
  ])('is narrowed by %s', async (query, words) => {
    expect(await found(query)).toEqual(words);
  });

  it('says that nothing fits', async () => {
    expect(wordsOf(await page('/messages?q=nothing'))).toContain('No message fits.');
  });

  it('finds blocked words for moderators alone, and shows them to nobody', async () => {
    const [viewer, moderator] = [await bed.signedIn('Vic', 'viewer'), await bed.signedIn('Mo', 'moderator')];
    expect(await found('q=insult', viewer)).toEqual([]);
    expect(await found('q=insult', moderator)).toEqual(['(blocked)']);
  });

  it('finds all messages of a number for moderators, who leave a trace, and no address has the number', async () => {
    const mo = await bed.signedIn('Mo', 'moderator');
    for (const number of ['+1 207 555 0123', '2075550123']) {
      const location = (await mo.submit('/messages/of-number', { number })).headers.get('location') ?? '';
      expect(location).not.toContain('555');
      expect(listed(await page(location, mo))).toEqual(['Stormy Monday, 50% louder', 'Please play a waltz']);
    }
    const none = await mo.submit('/messages/of-number', { number: '+12075550100' });
    expect(wordsOf(await page(none.headers.get('location') ?? '', mo))).toContain('No message is of …0100.');
    const { rows: actions } = await bed.pool.query(
      "select name, target from console_actions where action = 'number.search' order by at",
    );
    expect(actions.map(({ name, target }) => `${name} ${target}`)).toEqual([
      'Mo …0123',
      'Mo …0123',
      'Mo …0100',
    ]);
    const viewer = await bed.signedIn('Vic', 'viewer');
    expect((await viewer.submit('/messages/of-number', { number: '+12075550123' })).status).toBe(403);
    expect(await page('/messages', viewer)).not.toContain('of-number');
  });

  it('shows nobody the words of a message that was blocked at its second attempt, nor lets viewers find them', async () => {
    const id = await rows.post({
      occurred_at: hours(37),
      text: 'retried insult',
      outcome: 'refused',
      code: 429,
    });
    await rows.post({
      occurred_at: hours(38),
      text: 'retried insult',
      outcome: 'blocked',
      code: 0,
      attempt: 2,
      wbor_message_id: id,
    });
    const viewer = await bed.signedIn('Vic', 'viewer');
    expect(await found('q=retried', viewer)).toEqual([]);
    expect((await found('', viewer))[0]).toBe('(blocked)');
    await bed.pool.query('delete from groupme_posts where wbor_message_id = $1', [id]);
    await bed.pool.query('delete from groupme_messages where wbor_message_id = $1', [id]);
  });

  it('masks numbers, and names that are numbers', async () => {
    const html = await page('/messages?sender=0123');
    expect(html.slice(html.indexOf('<ul class="list">'))).not.toMatch(/207|555/);
    expect(wordsOf(html)).toContain('from Jane …0123');
  });

  it('falls back to beginnings of words where there are no trigrams', async () => {
    await bed.pool.query('alter index groupme_messages_parts_of_words rename to put_aside');
    try {
      expect(await found('q=storm')).toEqual(['Stormy Monday, 50% louder']);
    } finally {
      await bed.pool.query('alter index put_aside rename to groupme_messages_parts_of_words');
    }
  });
});

/** The words of all pages from this one on, as a browser loads them. */
async function follow(start: string): Promise<{ pages: number; seen: string[] }> {
  const seen: string[] = [];
  let path: string | undefined = start;
  let pages = 0;
  while (path !== undefined) {
    const piece: string = await (await ann.get(path, pages === 0 ? {} : { 'hx-request': 'true' })).text();
    if (pages > 0) expect(piece).toMatch(/^<li>/);
    seen.push(...listed(piece));
    const [, next] = / hx-get="([^"]*)" hx-trigger="revealed"/.exec(piece) ?? [];
    path = next?.replaceAll('&amp;', '&');
    pages += 1;
  }
  return { pages, seen };
}

describe('older pages', () => {
  it('neither skip nor repeat a message, also of one and the same microsecond', async () => {
    const at = '2026-09-01 12:00:00.123456+00';
    await bed.pool.query(
      `insert into groupme_messages (wbor_message_id, first_at, source, text, blocked)
       select 'paged ' || number, $1::timestamptz + number / 60 * interval '1 microsecond', 'paged', 'number ' || number, false
       from generate_series(1, 170) as number`,
      [at],
    );
    const { pages, seen } = await follow('/messages?source=paged');
    expect([pages, seen.length, new Set(seen).size]).toEqual([4, 170, 170]);
  });

  it('of a rare state go back as far as there are any', async () => {
    await bed.pool.query(
      `insert into groupme_posts (event_id, occurred_at, wbor_message_id, source, text, outcome, code, payload)
       select gen_random_uuid(), now() - number * interval '3 days', 'late ' || number, 'late', 'late ' || number, 'expired', 0, '{}'
       from generate_series(1, 120) as number`,
    );
    const { pages, seen } = await follow('/messages?source=late&state=expired');
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `late ${index + 1}`));
    expect(pages).toBe(3);
  });
});

it('draws each page for an empty or odd question', async () => {
  for (const path of [
    '/sources',
    '/statistics',
    '/statistics?days=365',
    '/statistics?days=x',
    '/messages?before=x&beforeId=',
    '/messages?q=%00&uid=%00',
    '/messages?before=9999-99-99+00:00:00%2B00',
  ]) {
    expect((await ann.get(path)).status, path).toBe(200);
  }
  expect((await ann.get('/messages/%00')).status).toBe(400);
  const sources = wordsOf(await page('/sources'));
  expect(sources).toContain('endec has been silent for');
  expect(wordsOf(await page('/statistics'))).toContain('Who sends most');
});
