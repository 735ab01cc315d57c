import { expect, it } from 'vitest';
import { ownPath } from './own-path.ts';

it('keeps a path of ours, with its query', () => {
  expect(ownPath('/messages?q=a%20b&state=doubt')).toBe('/messages?q=a%20b&state=doubt');
});

it.each([
  '//evil.example',
  'https://evil.example/',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example/x',
  '/x/..//evil.example',
  '/%2e//evil.example',
  '/./\\evil.example',
  '/..//\\/evil.example',
  'x',
  '',
])('makes %j lead to no other site', (path) => {
  const kept = ownPath(path);
  expect(new URL(kept, 'https://console.example').origin).toBe('https://console.example');
  expect(kept).toMatch(/^\/(?![/\\])/);
});
