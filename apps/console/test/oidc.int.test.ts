import { createServer, type Server } from 'node:http';
import { freePort } from '@wbor/testkit';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

const ACCOUNTS: Readonly<Record<string, Record<string, unknown>>> = {
  ann: { name: 'Ann <b>Bold</b>', groups: ['staff', 'on-call'] },
  bob: { name: 'Bob', email: 'bob@station.example', email_verified: true },
  eve: { name: 'Eve', email: 'bob@station.example', email_verified: false },
  sam: { name: 'Sam', groups: ['guests'] },
};

let bed: TestBed;
let server: Server;
let issuer: string;

beforeAll(async () => {
  issuer = `http://127.0.0.1:${await freePort()}`;
  const consolePort = await freePort();
  const consoleUrl = `http://127.0.0.1:${consolePort}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'console',
        client_secret: 'secret-of-the-console',
        redirect_uris: [`${consoleUrl}/sign-in/oidc/back`],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...ACCOUNTS[id] }) }),
    cookies: { keys: ['key-for-tests-only'] },
  });
  server = createServer(provider.callback()).listen(Number(new URL(issuer).port), '127.0.0.1');
  bed = await createTestBed({
    CONSOLE_PORT: String(consolePort),
    CONSOLE_URL: consoleUrl,
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: 'console',
    OIDC_CLIENT_SECRET: 'secret-of-the-console',
    OPERATORS: 'on-call',
    MODERATORS: 'bob@station.example',
  });
});
afterAll(async () => {
  await bed?.dispose();
  server?.closeAllConnections();
  server?.close();
});

/** Types a name into the provider's own pages, and is led back by it. */
async function signIn(
  account: string,
  change: (back: URL) => string = (back) => back.pathname + back.search,
) {
  const somebody = bed.visitor();
  const begun = await somebody.get('/sign-in/oidc?back=/account');
  const jar = new Map<string, string>();
  let url = new URL(begun.headers.get('location') ?? '');
  let body: URLSearchParams | undefined;
  while (url.origin === issuer) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(body && { method: 'POST', body }),
    });
    body = undefined;
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) url = new URL(location, url);
    else {
      const page = await response.text();
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
      url = new URL(/action="([^"]+)"/.exec(page)?.[1] ?? '', url);
      body = new URLSearchParams({ prompt, login: account, password: 'any' });
    }
  }
  return { somebody, answer: await somebody.get(change(url)) };
}

describe('signing in by OpenID Connect', () => {
  it('gives the role of a group, and leads on', async () => {
    const { answer, somebody } = await signIn('ann');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    const page = await (await somebody.get('/account')).text();
    expect(page).toContain('signed in as <strong>operator');
    expect(page).toContain('Ann &lt;b>Bold&lt;/b>');
    expect(page).not.toContain('<b>Bold');
  });

  it('gives the role of a verified e-mail address, and none for one that anybody may claim', async () => {
    expect(await (await (await signIn('bob')).somebody.get('/account')).text()).toContain(
      '<strong>moderator',
    );
    const { answer, somebody } = await signIn('eve');
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('You are Eve, and have no role here');
    expect((await somebody.get('/account')).status).toBe(303);
    expect((await signIn('sam')).answer.status).toBe(403);
  });

  it('believes no answer of another sign-in, and none that was begun elsewhere', async () => {
    const other = await signIn('ann', (back) => {
      back.searchParams.set('state', 'another');
      return back.pathname + back.search;
    });
    expect(other.answer.status).toBe(403);
    const forged = await signIn('ann', (back) => {
      back.searchParams.set('code', 'forged');
      return back.pathname + back.search;
    });
    expect(forged.answer.status).toBe(403);
    expect((await bed.visitor().get('/sign-in/oidc/back?code=x&state=y')).status).toBe(403);
  });
});
