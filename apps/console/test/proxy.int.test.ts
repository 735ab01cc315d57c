import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

const roles = { PROXY_USER_HEADER: 'X-Forwarded-User', OPERATORS: 'on-call', VIEWERS: '*' };
const settings = { ...roles, PROXY_GROUPS_HEADER: 'X-Forwarded-Groups' };
let behindProxy: TestBed;
let withoutGroups: TestBed;
let elsewhere: TestBed;
beforeAll(async () => {
  [behindProxy, withoutGroups, elsewhere] = await Promise.all([
    createTestBed({ ...settings, TRUST_PROXY: 'loopback' }),
    createTestBed({ ...roles, TRUST_PROXY: 'loopback' }),
    // The caller is none of these.
    createTestBed({ ...settings, TRUST_PROXY: '10.0.0.0/8' }),
  ]);
});
afterAll(() => Promise.all([behindProxy?.dispose(), withoutGroups?.dispose(), elsewhere?.dispose()]));

/** fetch sends each header once. */
async function statusAndBody(
  url: string,
  headers: OutgoingHttpHeaders,
): Promise<[number | undefined, string]> {
  const asked = request(`${url}/account`, { headers: { accept: 'text/html', ...headers } }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return [response.statusCode, await text(response)];
}

const as = (user: string, groups = '') => ({ 'x-forwarded-user': user, 'x-forwarded-groups': groups });

describe('signing in by the word of a proxy', () => {
  it('takes user and groups from its headers, at each request', async () => {
    const ann = behindProxy.visitor();
    expect(await (await ann.get('/account', as('ann', 'staff, on-call'))).text()).toContain(
      '<strong>operator',
    );
    expect(await (await ann.get('/account', as('ann', 'staff'))).text()).toContain('<strong>viewer');
    expect(await (await ann.get('/account', as('bob'))).text()).toContain('<h1>bob');
    // The proxy lets nobody in, whatever cookie there is.
    expect((await ann.get('/account')).status).toBe(303);
  });

  it('takes no header that came twice: one of the two is not the proxy’s', async () => {
    const both = { 'x-forwarded-user': 'ann', 'x-forwarded-groups': ['on-call', 'staff'] };
    expect(await statusAndBody(behindProxy.url, both)).toEqual([
      200,
      expect.stringContaining('<strong>viewer'),
    ]);
    expect(await statusAndBody(behindProxy.url, { 'x-forwarded-user': ['boss', 'ann'] })).toEqual([303, '']);
  });

  it('takes no groups without a setting that says where they stand', async () => {
    const ann = withoutGroups.visitor();
    expect(await (await ann.get('/account', as('ann', 'on-call'))).text()).toContain('<strong>viewer');
  });

  it('believes nobody else', async () => {
    expect((await elsewhere.visitor().get('/account', as('ann', 'on-call'))).status).toBe(303);
  });
});
