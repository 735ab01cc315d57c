import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

const settings = { PROXY_USER_HEADER: 'X-Forwarded-User', OPERATORS: 'on-call', VIEWERS: '*' };
let behindProxy: TestBed;
let elsewhere: TestBed;
beforeAll(async () => {
  [behindProxy, elsewhere] = await Promise.all([
    createTestBed({ ...settings, TRUST_PROXY: 'loopback' }),
    // The caller is none of these.
    createTestBed({ ...settings, TRUST_PROXY: '10.0.0.0/8' }),
  ]);
});
afterAll(() => Promise.all([behindProxy?.dispose(), elsewhere?.dispose()]));

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

  it('believes nobody else', async () => {
    expect((await elsewhere.visitor().get('/account', as('ann', 'on-call'))).status).toBe(303);
  });
});
