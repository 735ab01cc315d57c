import { expect, it } from 'vitest';
import { render } from '../html.ts';
import { picture } from './picture.ts';

const origins = ['https://i.groupme.com'];
const shown = (address: string) => render(picture(address, origins, 'Picture 1'));

it('shows a picture of GroupMe', () => {
  expect(shown('https://i.groupme.com/1.png')).toMatch(/^<img [^>]*src="https:\/\/i\.groupme\.com\/1\.png"/);
});

it.each([
  'https://evil.example/1.png',
  'https://i.groupme.com@evil.example/1.png',
  'http://i.groupme.com/1.png',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:https://i.groupme.com/1',
  'no address',
])('leaves %s a text', (address) => {
  expect(shown(address)).toMatch(/^<code class="words">[^<]*<\/code>$/);
});

it('cannot be left by a quote in the address', () => {
  expect(shown('https://i.groupme.com/"onload="alert(1)')).not.toContain('"onload');
});
