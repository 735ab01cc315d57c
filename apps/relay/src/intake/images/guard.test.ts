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

describe('services of clouds', () => {
  it.each([
    'http://168.63.129.16/machine?comp=goalstate',
    'http://168.63.129.16.:80/',
    'http://2822734096/',
    'http://0xa8.0x3f.0x81.0x10/',
    'http://0250.077.0201.020/',
    'http://１６８.63.129.16/',
    'http://[::ffff:168.63.129.16]/',
    'http://[::ffff:a83f:8110]/',
    'http://[::168.63.129.16]/',
    'http://[::ffff:0:168.63.129.16]/',
    'http://[64:ff9b::168.63.129.16]/',
    'http://[64:ff9b:1::a83f:8110]/',
    'http://[2002:a83f:8110::1]/',
    'http://[2001:0:a83f:8110::1]/',
    'http://161.26.0.10/',
    'http://166.9.1.1/',
    'http://100.100.100.200/latest/meta-data/',
    'http://[::ffff:100.100.100.200]/',
    'http://[64:ff9b::6464:64c8]/',
    'http://192.0.0.192/latest/',
    'http://[2002:c000:c0::]/',
    'http://169.254.170.2/v2/credentials',
    'http://169.254.170.23/',
    'http://169.254.0.23/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::]/',
    'http://[2001:0:4136:e378:8000:63bf:5601:5601]/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[fd00:ec2::23]/',
    'http://[fd20:ce::254]/',
    'http://[fd00:42::42]/',
    'http://[fe80::a9fe:a9fe]/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://METADATA.google.internal./',
    'http://ｍetadata.google.internal/',
    'http://metadata.goog/',
    'http://metadata/',
    'http://instance-data/latest/meta-data/',
    'http://metadata.tencentyun.com/',
  ])('are refused without a look-up: %s', (url) => {
    expect(codeOf(() => strict.parseUrl(url))).toBe('ADDRESS_REFUSED');
  });

  it.each([
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '161.26.0.10',
    '166.11.255.255',
    '100.100.100.200',
    '192.0.0.192',
  ])('are refused when a name resolves to them: %s', (address) => {
    expect(strict.mayConnect({ hostname: 'example.org', address, port: 80 })).toBe(false);
  });

  it('leave their neighbours alone', () => {
    for (const address of ['168.63.129.15', '168.63.129.17', '161.25.255.255', '161.27.0.0', '166.12.0.0']) {
      expect(strict.mayConnect({ hostname: 'example.org', address, port: 80 }), address).toBe(true);
    }
  });

  it('may be exempt like any other', () => {
    const guard = buildGuard(['168.63.129.16', 'metadata.goog']);
    expect(guard.parseUrl('http://168.63.129.16/').hostname).toBe('168.63.129.16');
    expect(guard.parseUrl('http://metadata.goog/').hostname).toBe('metadata.goog');
  });
});

describe('names that are never public', () => {
  const publicAddress = { address: '93.184.216.34', port: 80 };

  it.each([
    'localhost',
    'a.localhost',
    'printer.local',
    'printer.local.',
    'vault.internal',
    'host.docker.internal',
    'kubernetes.default.svc',
    'nas.lan',
    'nas.home.arpa',
    'rabbitmq',
    'metadata.google.internal',
  ])('are refused even if they resolve to a public address: %s', (hostname) => {
    expect(strict.mayConnect({ ...publicAddress, hostname })).toBe(false);
  });

  it('are allowed where the name or the address is exempt', () => {
    const byName = buildGuard(['nas.lan']);
    const byRange = buildGuard(['10.0.0.0/8']);
    expect(byName.mayConnect({ ...publicAddress, hostname: 'nas.lan' })).toBe(true);
    expect(byRange.mayConnect({ hostname: 'nas.lan', address: '10.0.0.1', port: 8080 })).toBe(true);
    expect(byRange.mayConnect({ ...publicAddress, hostname: 'nas.lan' })).toBe(false);
  });

  it('do not include names that look like them', () => {
    for (const hostname of [
      'internal.example.org',
      'mylan.org',
      'local.news',
      'x.notlocal',
      '93.184.216.34',
    ]) {
      expect(strict.mayConnect({ ...publicAddress, hostname }), hostname).toBe(true);
    }
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
