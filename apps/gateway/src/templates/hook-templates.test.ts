import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HooksFileError, readHooksFile } from './hook-templates.ts';

const folder = mkdtempSync(join(tmpdir(), 'hooks-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: unknown) {
  const file = join(folder, 'hooks.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readHooksFile(file);
}

const render = (text: string, body: unknown) =>
  read({ version: 1, hooks: { x: { text } } })
    .get('x')
    ?.render({ body, headers: {} }).text;

describe('a template', () => {
  it.each<[string, unknown, string]>([
    ['{{ body.a.b }}', { a: { b: 1 } }, '1'],
    ['{{ body.none.of.this }}', {}, ''],
    ['{{ body }}', 'a text', 'a text'],
    ['{{ body.constructor }}{{ body.__proto__ }}{{ body.toString }}', {}, ''],
    ['{{ constructor }}{{ process }}{{ this }}', {}, ''],
    ['{{ body.a }}', { a: '<b> & "c"' }, '<b> & "c"'],
    ['{{ body.a }}', { a: '{{ headers }}{% raw %}' }, '{{ headers }}{% raw %}'],
  ])('%s of %j says %j', (text, body, said) => {
    expect(render(text, body)).toBe(said);
  });

  it('is cut where a message would be too long', () => {
    expect(render('{{ body }}', 'x'.repeat(20_000))).toMatch(/^x{15999}…$/);
  });

  it.each([
    '{% for a in (1..100000000) %}{{ a }}{% endfor %}',
    '{% for a in body %}{% for b in body %}{% for c in body %}{{ a }}{% endfor %}{% endfor %}{% endfor %}',
    "{% assign s = 'xxxxxxxxxx' %}{% for a in body %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
    "{% include 'hooks.json' %}",
    "{% render '../hooks.json' %}",
    "{% layout '/etc/passwd' %}",
  ])('%s takes neither time, memory nor files', (text) => {
    expect(() => render(text, Array(1_000).fill('x'))).toThrow();
  });
});

describe('a file', () => {
  it.each<[unknown, RegExp]>([
    ['{', /not JSON/],
    [{ version: 2, hooks: {} }, /version/],
    [{ version: 1, hooks: { azuracast: { text: 'x' } } }, /route of its own/],
    [{ version: 1, hooks: { 'No Slug': { text: 'x' } } }, /slug/],
    [{ version: 1, hooks: { x: { text: 'x', more: 1 } } }, /more/],
    [{ version: 1, hooks: { x: { text: '{{ body' } } }, /x: .*not closed/],
    [{ version: 1, hooks: { x: { text: '{% nonsense %}' } } }, /x: .*nonsense/],
  ])('like %j is refused, and says why', (content, why) => {
    expect(() => read(content)).toThrow(HooksFileError);
    expect(() => read(content)).toThrow(why);
  });

  it('that is not there is refused', () => {
    expect(() => readHooksFile(join(folder, 'none.json'))).toThrow(/ENOENT/);
  });
});
