import { describe, expect, it } from 'vitest';
import { AllowHostsError, ImageError } from './errors.ts';
import { buildGuard } from './guard.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'allowed';
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
}

const strict = buildGuard([]);

describe('parseUrl without exemptions', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://１２７.0.0.1/',
    'http://127%2e0%2e0%2e1/',
    'http://0/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a00:1]/',
    'http://[::127.0.0.1]/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fd12:3456::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b::a00:1]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:1::1]/',
    'http://[2001:db8::1]/',
    'http://[4000::1]/',
    'http://8.8.8.8:8080/',
    'https://[2606:4700::1111]:22/',
  ])('refuses the address of %s', (url) => {
    expect(codeOf(() => strict.parseUrl(url))).toBe('ADDRESS_REFUSED');
  });

  it.each([
    '',
    'picture.png',
    '//8.8.8.8/a.png',
    'ftp://example.org/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,iVBORw0KGgo=',
    'javascript:alert(1)',
    'http://',
    'http://user@example.org/',
    'https://user:secret@example.org/',
    'http://[fe80::1%25eth0]/',
    'http://256.1.1.1/',
    `https://example.org/${'a'.repeat(8192)}`,
  ])('calls %j no valid address', (url) => {
    expect(codeOf(() => strict.parseUrl(url))).toBe('BAD_URL');
  });

  it.each([
    'https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0',
    'http://8.8.8.8/a.png',
    'http://[::ffff:8.8.8.8]/a.png',
    'https://[2606:4700::1111]/a.png',
  ])('lets %s through to the look-up', (url) => {
    expect(strict.parseUrl(url).href).toBe(new URL(url).href);
  });

  it('resolves a relative redirect, and checks an absolute one', () => {
    const base = strict.parseUrl('https://example.org/a/b');
    expect(strict.parseUrl('../c.png', base).href).toBe('https://example.org/c.png');
    expect(codeOf(() => strict.parseUrl('//169.254.169.254/', base))).toBe('ADDRESS_REFUSED');
    expect(codeOf(() => strict.parseUrl('file:///etc/passwd', base))).toBe('BAD_URL');
  });
});

describe('mayConnect without exemptions', () => {
  const target = { hostname: 'example.org', port: 443 };

  it.each([
    ['93.184.216.34', true],
    ['2606:4700::1111', true],
    ['::ffff:93.184.216.34', true],
    ['127.0.0.1', false],
    ['10.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['fe80::1%eth0', false],
    ['not an address', false],
    ['', false],
  ])('answers for %j', (address, expected) => {
    expect(strict.mayConnect({ ...target, address })).toBe(expected);
  });

  it('allows the ports of the web only', () => {
    const ports = [22, 25, 80, 443, 5672, 8080].filter((port) =>
      strict.mayConnect({ hostname: 'example.org', address: '93.184.216.34', port }),
    );
    expect(ports).toEqual([80, 443]);
  });
});

describe('exemptions', () => {
  it('exempt a name wherever it resolves to, on any port', () => {
    const guard = buildGuard(['Media.Example.org.', 'media_store']);
    for (const hostname of ['media.example.org', 'MEDIA.example.org.', 'media_store']) {
      expect(guard.mayConnect({ hostname, address: '10.0.0.1', port: 8080 })).toBe(true);
    }
    for (const hostname of ['example.org', 'x.media.example.org', 'media.example.org.evil.test']) {
      expect(guard.mayConnect({ hostname, address: '10.0.0.1', port: 80 })).toBe(false);
    }
  });

  it('exempt an address or a range, as a literal and as the result of a look-up, on any port', () => {
    const guard = buildGuard(['127.0.0.1', '10.1.0.0/16', 'fd00::/8', '']);
    expect(guard.parseUrl('http://127.0.0.1:6100/a.png').port).toBe('6100');
    expect(guard.parseUrl('http://[::ffff:10.1.2.3]:81/').port).toBe('81');
    expect(guard.parseUrl('http://[fd12::1]:81/').port).toBe('81');
    expect(guard.mayConnect({ hostname: 'any.test', address: '10.1.255.255', port: 9000 })).toBe(true);
    expect(codeOf(() => guard.parseUrl('http://127.0.0.2/'))).toBe('ADDRESS_REFUSED');
    expect(codeOf(() => guard.parseUrl('http://10.2.0.1/'))).toBe('ADDRESS_REFUSED');
    expect(codeOf(() => guard.parseUrl('http://[::1]/'))).toBe('ADDRESS_REFUSED');
  });

  it('never exempt a scheme or credentials', () => {
    const guard = buildGuard(['example.org']);
    expect(codeOf(() => guard.parseUrl('ftp://example.org/'))).toBe('BAD_URL');
    expect(codeOf(() => guard.parseUrl('http://me:secret@example.org/'))).toBe('BAD_URL');
  });

  it.each([
    'http://example.org',
    'example.org:8080',
    'example.org/path',
    '*.example.org',
    'a,b',
    'a b',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
    '[::1]',
    '2130706433',
    'user@example.org',
  ])('must not be %j', (entry) => {
    expect(() => buildGuard([entry])).toThrow(AllowHostsError);
  });
});
