import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observeTokens } from '../metrics.ts';
import { runTokenCommand, TokenCommandError, UsageError } from './command.ts';
import { TokenFileError } from './token-file.ts';
import { openTokenStore, type TokenStore } from './token-store.ts';

let folder: string;
let file: string;
const stores: TokenStore[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  file = join(folder, 'tokens.json');
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): { out: string; note: string } {
  const said = { out: '', note: '' };
  runTokenCommand(
    args,
    { TOKENS_FILE: file },
    {
      out: (text) => {
        said.out += text;
      },
      note: (text) => {
        said.note += text;
      },
    },
  );
  return said;
}

const create = (...args: string[]) => run('create', ...args).out.trim();

function open(): TokenStore & { lines: string[] } {
  const lines: string[] = [];
  const log = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const store = openTokenStore(file, { error: log, info: log });
  stores.push(store);
  return Object.defineProperties({ ...store, lines }, { fault: { get: () => store.fault } }) as TokenStore & {
    lines: string[];
  };
}

describe('a token', () => {
  it('is shown once, kept as a digest in a file for its owner alone, and known again', () => {
    const token = create('ups', '--note', 'closet');
    expect(token).toMatch(/^wbor_[0-9a-f]{8}_[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).not.toContain(token.split('_').slice(2).join('_'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(open().find(token)).toEqual({ id: token.split('_')[1], source: 'ups', mayBeUrgent: false });
    expect(run('list').out).toMatch(/ups .*closet/);
    expect(run('list', '--json').out).not.toMatch(/hash/);
  });

  it('may be urgent where it was made so, which the list says', () => {
    const token = create('ups', '--urgent');
    expect(open().find(token)).toMatchObject({ source: 'ups', mayBeUrgent: true });
    expect(run('list').out).toMatch(/ups .* urgent/);
  });

  it('is in the metrics with its source and its end, as long as it is in the file', async () => {
    const registry = new Registry();
    const [lasting, ending] = [create('ups'), create('endec', '--expires', '2099-12-31')];
    observeTokens(registry, open());
    const sample = (token: string, source: string, value: string) =>
      `gateway_token_expires_timestamp_seconds{id="${token.split('_')[1]}",source="${source}"} ${value}`;
    const text = await registry.metrics();
    expect(text).toContain(sample(lasting, 'ups', '+Inf'));
    expect(text).toContain(sample(ending, 'endec', '4102444799.999'));
    run('revoke', String(ending.split('_')[1]));
    await expect.poll(() => registry.metrics(), { timeout: 10_000 }).not.toContain('endec');
  });

  it('is not known with another end, as something else, or by its id', () => {
    const token = create('ups');
    const store = open();
    const others = [
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      `${token}A`,
      token.slice(0, -44),
      '',
    ];
    for (const given of [...others, token.split('_')[1], undefined, null, 7, [token]]) {
      expect(store.find(given)).toBeUndefined();
    }
  });

  it('does not count after its end', () => {
    const token = create('ups', '--expires', '1d');
    expect(open().find(token)).toBeDefined();
    const ended = { ...JSON.parse(readFileSync(file, 'utf8')) };
    ended.tokens[0].expires_at = '2020-01-01T00:00:00.000Z';
    writeFileSync(file, JSON.stringify(ended));
    expect(open().find(token)).toBeUndefined();
    expect(run('list').out).toContain('EXPIRED');
  });

  it('counts beside others of its source, until it is revoked, without a restart', async () => {
    const store = open();
    const [first, second] = [create('ups'), create('ups')];
    await expect.poll(() => store.find(second), { timeout: 10_000 }).toBeDefined();
    expect(store.find(first)).toBeDefined();
    run('revoke', String(first.split('_')[1]));
    await expect.poll(() => store.find(first), { timeout: 10_000 }).toBeUndefined();
    expect(store.find(second)).toBeDefined();
    expect(store.lines.join()).not.toContain(first);
  });

  it('still counts while its file cannot be read, which is said', async () => {
    const token = create('ups');
    const good = readFileSync(file, 'utf8');
    const store = open();
    writeFileSync(file, '{"version": 1, "tokens": [{"id": "secret-thing"');
    await expect.poll(() => store.fault, { timeout: 10_000 }).toContain('not JSON');
    expect(store.find(token)).toBeDefined();
    expect(store.lines.join()).not.toContain('secret-thing');
    writeFileSync(file, good);
    await expect.poll(() => store.fault, { timeout: 10_000 }).toBeUndefined();
  });
});

describe('the file', () => {
  it('is gone for a while: the tokens from before still count, which is said', async () => {
    const token = create('ups');
    const store = open();
    const good = readFileSync(file, 'utf8');
    rmSync(file);
    await expect.poll(() => store.fault, { timeout: 10_000 }).toContain('not there any more');
    expect(store.find(token)).toBeDefined();
    writeFileSync(file, good);
    await expect.poll(() => store.fault, { timeout: 10_000 }).toBeUndefined();
    expect(store.find(token)).toBeDefined();
  });

  it('is not there at the start, which is said until the first token is made', async () => {
    const store = open();
    expect(store.fault).toContain('not there yet');
    const token = create('ups');
    await expect.poll(() => store.find(token), { timeout: 10_000 }).toBeDefined();
    expect(store.fault).toBeUndefined();
  });

  it('keeps its owner and mode over a change', () => {
    create('ups');
    chmodSync(file, 0o640);
    // Only root gives files away; who is not has the same owner before and after.
    if (process.getuid?.() === 0) chownSync(file, 12_345, 23_456);
    const { gid, mode, uid } = statSync(file);
    create('endec');
    expect(statSync(file)).toMatchObject({ gid, mode, uid });
  });
});

describe('the command', () => {
  it.each([
    [],
    ['create'],
    ['create', 'a', 'b'],
    ['create', 'No Slug'],
    ['create', 'twilio'],
    ['create', 'ups', '--expires', 'soon'],
    ['create', 'ups', '--expires', '2020-01-01'],
    ['create', 'ups', '--expires', '2026-99-99'],
    ['revoke'],
    ['list', 'ups'],
    ['nonsense', 'x'],
    ['list', '--nonsense'],
  ])('takes %j %j for wrong usage', (...args) => {
    expect(() => run(...args.filter((arg) => typeof arg === 'string'))).toThrow(UsageError);
  });

  it('needs to know the file', () => {
    const output = { out: () => {}, note: () => {} };
    expect(() => runTokenCommand(['list'], {}, output)).toThrow(/TOKENS_FILE/);
  });

  it('says that an id is unknown, and leaves the file as it was', () => {
    create('ups');
    const before = readFileSync(file, 'utf8');
    expect(() => run('revoke', 'nobody')).toThrow(TokenCommandError);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(create('ups')).toContain('wbor_');
  });

  it('does not change a file that it cannot read, or that another command is changing', () => {
    writeFileSync(file, '{"version": 2}');
    expect(() => create('ups')).toThrow(TokenFileError);
    expect(readFileSync(file, 'utf8')).toBe('{"version": 2}');
    rmSync(file);
    writeFileSync(`${file}.new`, '');
    expect(() => create('ups')).toThrow(/another command/);
  });

  it('shows its help', () => {
    expect(run('--help').out).toContain('Exit codes');
  });
});
