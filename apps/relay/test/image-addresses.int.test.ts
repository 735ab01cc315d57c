import { describe, expect, it, vi } from 'vitest';
import { failure, fetcher, png, serve } from './image-fetching.ts';
import { answer } from './images-server.ts';

describe('addresses that the relay must not fetch from', () => {
  it.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0x7f.1:${port}/`,
    (port: number) => `http://127.1:${port}/`,
    (port: number) => `http://0.0.0.0:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://localhost:${port}/`,
  ])('are refused without a connection, however they are spelt (%#)', async (spell) => {
    const server = await serve((_request, response) => answer(response, png));
    const images = fetcher({ allowHosts: [] });
    const error = await failure(images.fetch(spell(server.port)));
    expect(error.code).toBe('ADDRESS_REFUSED');
    expect(error.forChat).not.toMatch(/127|localhost|::/);
    expect(server.connections()).toBe(0);
  });

  it.each([
    ['a private address', 'http://10.0.0.1/', 'ADDRESS_REFUSED'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/', 'ADDRESS_REFUSED'],
    ['another port of loopback', 'http://[::1]:22/', 'ADDRESS_REFUSED'],
    ['another scheme', 'file:///etc/passwd', 'BAD_URL'],
  ])('are refused when a redirect leads there: %s', async (_name, location, code) => {
    const server = await serve((_request, response) => response.writeHead(302, { location }).end());
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({ code });
    expect(server.requests).toEqual(['/']);
  });

  it('are refused when a redirect leads to another loopback server', async () => {
    const inner = await serve((_request, response) => answer(response, png));
    const outer = await serve((_request, response) =>
      response.writeHead(301, { location: `http://localhost:${inner.port}/` }).end(),
    );
    const images = fetcher({
      allowHosts: ['outer.test'],
      lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    expect(await failure(images.fetch(`http://outer.test:${outer.port}/`))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    expect(outer.requests).toEqual(['/']);
    expect(inner.connections()).toBe(0);
  });

  it.each([
    ['loopback', ['127.0.0.1']],
    ['public and private addresses', ['93.184.216.34', '10.0.0.1']],
    ['a mapped private address', ['::ffff:192.168.0.1']],
    ['cloud metadata', ['169.254.169.254']],
    ['an IPv6 link-local address', ['2606:4700::1111', 'fe80::1']],
  ])('are refused when a name resolves to %s', async (_name, addresses) => {
    const asked: string[] = [];
    const images = fetcher({
      allowHosts: [],
      lookup: async (hostname) => {
        asked.push(hostname);
        return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
    });
    for (const hostname of ['rebinding.test', 'localhost.']) {
      expect(await failure(images.fetch(`https://${hostname}/a.png`))).toMatchObject({
        code: 'ADDRESS_REFUSED',
      });
    }
    expect(asked).toEqual(['rebinding.test', 'localhost.']);
  });

  it('are looked up once: the socket goes to the address that was checked', async () => {
    const server = await serve((_request, response) => answer(response, png));
    let lookups = 0;
    const images = fetcher({
      // The second answer would be refused, and a second question would get it.
      lookup: async () => {
        lookups += 1;
        return [{ address: lookups === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
      },
    });
    await images.fetch(`http://media.test:${server.port}/a.png`);
    expect(lookups).toBe(1);
    expect(await failure(images.fetch(`http://media.test:${server.port}/a.png`))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    expect(server.requests).toEqual(['/a.png']);
  });

  it('are not reached through a proxy of the environment', async () => {
    const proxy = await serve((_request, response) => answer(response, png));
    for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, proxy.url(''));
    const images = fetcher({ allowHosts: [], lookup: async () => [] });
    expect(await failure(images.fetch('http://media.test/a.png'))).toMatchObject({ code: 'UNREACHABLE' });
    expect(proxy.connections()).toBe(0);
  });
});
