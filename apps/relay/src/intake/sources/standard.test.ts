import { expect, it } from 'vitest';
import { standard } from './standard.ts';

function read(body: Record<string, unknown>, key = 'source.standard') {
  return standard.read(standard.schema.parse(body), key, body);
}

it('takes `text` where the old producer means `body`', () => {
  expect(read({ text: 'from the old producer', source: 'x' })).toMatchObject({
    text: 'from the old producer',
  });
});

it.each([
  ['plain', 'plain'],
  [undefined, 'quoted'],
  [null, 'quoted'],
  ['html', 'quoted'],
  [7, 'quoted'],
])('with format %j forwards it as %s', (format, expected) => {
  expect(read({ body: 'a', source: 'x', format })).toMatchObject({ format: expected });
});

it('is urgent where it says so, and where it says something else it is as any other', () => {
  expect(read({ body: 'a', urgent: true })).toMatchObject({ priority: 'urgent' });
  for (const urgent of [false, null, 'no', 'true', 7])
    expect(read({ body: 'a', urgent })).not.toHaveProperty('priority');
});

it.each([
  ['source.standard.azuracast.down', 'azuracast'],
  ['source.standard', 'standard'],
  ['source.else.x', 'else'],
])('takes a missing source from the routing key %s: %s', (key, source) => {
  expect(read({ body: 'a' }, key)).toMatchObject({ source });
  expect(read({ body: 'a', source: 'ups' }, key)).toMatchObject({ source: 'ups' });
});
