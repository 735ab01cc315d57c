import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestBed, PASSWORD, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await createTestBed();
});
afterAll(() => bed.dispose());

describe('signing in by password', () => {
  it('leads on to the page that was asked for', async () => {
    const ann = bed.visitor();
    const asked = await ann.get('/account');
    expect([asked.status, asked.headers.get('location')]).toEqual([303, '/sign-in?back=%2Faccount']);
    const signedIn = await ann.post('/sign-in', { name: 'Ann', password: PASSWORD, back: '/account' });
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/account']);
    expect(await (await ann.get('/account')).text()).toContain('You are signed in as <strong>operator');
  });

  it('leads to no other site', async () => {
    const fields = { name: 'Ann', password: PASSWORD, back: '/.//evil.example/' };
    const signedIn = await bed.visitor().post('/sign-in', fields);
    expect(signedIn.headers.get('location')).toBe('/evil.example/');
  });

  it('refuses another password, and gives no session', async () => {
    const somebody = bed.visitor();
    const refused = await somebody.post('/sign-in', { name: 'Ann', password: 'wrong' });
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('That is not the password.');
    expect((await somebody.get('/account')).status).toBe(303);
  });

  it('gives another token than a browser has brought', async () => {
    const ann = await bed.signedIn();
    const before = ann.cookies.get('wbor-console');
    await ann.post('/sign-in', { name: 'Ann', password: PASSWORD });
    expect(ann.cookies.get('wbor-console')).not.toBe(before);
    ann.cookies.set('wbor-console', before ?? '');
    expect((await ann.get('/account')).status).toBe(303);
  });

  it('keeps a token out of the table', async () => {
    const ann = await bed.signedIn();
    const token = ann.cookies.get('wbor-console') ?? '';
    const { rows } = await bed.pool.query('select console_sessions::text as row from console_sessions');
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) expect(row).not.toContain(token);
  });

  it('takes ten attempts a minute', async () => {
    const somebody = bed.visitor();
    const attempts = Array.from({ length: 11 }, () =>
      somebody.post('/sign-in', { name: 'Ann', password: 'wrong' }),
    );
    const last = (await Promise.all(attempts)).map(({ status }) => status).filter((status) => status === 429);
    expect(last.length).toBeGreaterThan(0);
    expect((await somebody.post('/sign-in', { name: 'Ann', password: PASSWORD })).status).toBe(429);
  });
});

describe('a session', () => {
  it('ends for all its copies when somebody signs out', async () => {
    const ann = await bed.signedIn();
    const token = ann.cookies.get('wbor-console') ?? '';
    expect((await ann.submit('/sign-out')).headers.get('location')).toBe('/sign-in');
    ann.cookies.set('wbor-console', token);
    expect((await ann.get('/account')).status).toBe(303);
  });

  it('ends when its time is over, and after two hours without a page', async () => {
    for (const change of [
      "expires_at = now() - interval '1 second'",
      "last_seen_at = now() - interval '121 minutes'",
    ]) {
      const ann = await bed.signedIn();
      expect((await ann.get('/account')).status).toBe(200);
      await bed.pool.query(`update console_sessions set ${change}`);
      expect((await ann.get('/account')).status).toBe(303);
      expect((await ann.get('/account', { 'hx-request': 'true' })).headers.get('hx-redirect')).toBe(
        '/sign-in',
      );
    }
  });

  it('gets another token each hour; the old one counts a minute longer', async () => {
    const ann = await bed.signedIn();
    const first = ann.cookies.get('wbor-console') ?? '';
    await bed.pool.query("update console_sessions set renewed_at = now() - interval '61 minutes'");
    await ann.get('/account');
    const second = ann.cookies.get('wbor-console') ?? '';
    expect(second).not.toBe(first);
    expect((await ann.get('/account')).status).toBe(200);
    ann.cookies.set('wbor-console', first);
    expect((await ann.get('/account')).status).toBe(200);
    await bed.pool.query('update console_sessions set previous_until = now()');
    expect((await ann.get('/account')).status).toBe(303);
  });

  it('is neither kept alive nor given another token by what a page asks for by itself', async () => {
    const ann = await bed.signedIn('Background');
    const old = "last_seen_at = now() - interval '119 minutes', renewed_at = now() - interval '119 minutes'";
    await bed.pool.query(`update console_sessions set ${old} where name = 'Background'`);
    const token = ann.cookies.get('wbor-console');
    const watching = new AbortController();
    expect((await ann.get('/now/board')).status).toBe(200);
    expect((await ann.watch(watching.signal)).status).toBe(200);
    watching.abort();
    expect(ann.cookies.get('wbor-console')).toBe(token);
    const { rows } = await bed.pool.query(
      "select now() - last_seen_at > interval '118 minutes' as idle from console_sessions where name = 'Background'",
    );
    expect(rows).toEqual([{ idle: true }]);
  });

  it('ends when the rules of signing in change: with the old password, or a role that somebody has lost', async () => {
    const before = await bed.signedIn('Ann', 'operator', 'other rules');
    expect((await before.get('/account')).status).toBe(303);
  });

  it('is seen by others who know the password, and ended by them, only if they are operators', async () => {
    const [first, second] = [await bed.signedIn('Sam', 'viewer'), await bed.signedIn('Sam', 'viewer')];
    const { rows } = await bed.pool.query("select id from console_sessions where name = 'Sam' order by id");
    const page = await (await second.get('/account')).text();
    expect([page.includes(`value="${rows[0].id}"`), page.includes(`value="${rows[1].id}"`)]).toEqual([
      false,
      true,
    ]);
    expect((await second.submit('/account/end', { id: rows[0].id })).status).toBe(403);
    expect((await first.get('/account')).status).toBe(200);
  });

  it('is ended by an operator, which is written down', async () => {
    const [ann, bob] = [await bed.signedIn('Ann'), await bed.signedIn('Bob')];
    const { rows } = await bed.pool.query("select id from console_sessions where name = 'Bob'");
    await ann.submit('/account/end', { id: rows[0].id });
    expect((await bob.get('/account')).status).toBe(303);
    const { rows: actions } = await bed.pool.query(
      "select name, role, target from console_actions where action = 'session.end'",
    );
    expect(actions).toEqual([{ name: 'Ann', role: 'operator', target: 'password:bob' }]);
  });
});

describe('a change', () => {
  it('is refused without the token of the session, and from another site', async () => {
    const ann = await bed.signedIn();
    expect((await ann.post('/sign-out', {})).status).toBe(403);
    expect((await ann.post('/sign-out', { csrf: 'x'.repeat(43) })).status).toBe(403);
    const csrf = await ann.csrf();
    expect((await ann.post('/sign-out', { csrf }, { origin: 'https://evil.example' })).status).toBe(403);
    const bobs = await (await bed.signedIn('Bob')).csrf();
    expect((await ann.post('/sign-out', { csrf: bobs })).status).toBe(403);
    expect((await ann.get('/account')).status).toBe(200);
  });
});

describe('requests without a session', () => {
  it('are limited too, before anything is asked of Postgres', async () => {
    const nobody = bed.visitor();
    nobody.cookies.set('wbor-console', 'no session has this token');
    let status = 0;
    for (let count = 0; count <= 600 && status !== 429; count += 1)
      ({ status } = await nobody.get('/account'));
    expect(status).toBe(429);
    // Addresses that are not there count among the others.
    expect((await nobody.get('/nowhere')).status).toBe(429);
  });
});
