import { expect, it } from 'vitest';
import { acceptedIds } from './spool-folder.ts';

it('a message is accepted once its record is whole', () => {
  const record = (id: string) => `0123456789abcdef ${JSON.stringify({ t: 'accepted', message: { id } })}`;
  const other = '0123456789abcdef {"t":"done","id":"id-3"}';
  const spool = [record('id-1'), other, record('id-2').slice(0, -5), '', record('id-4')].join('\n');
  expect([...acceptedIds(spool)]).toEqual(['id-1', 'id-4']);
});
