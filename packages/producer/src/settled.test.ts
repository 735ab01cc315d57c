import { expect, it } from 'vitest';
import { createSettledMessages } from './settled.ts';
import type { AcceptedMessage } from './spool/records.ts';

const message = (id: string, more: Partial<AcceptedMessage> = {}): AcceptedMessage => ({
  id,
  at: 1,
  source: 'ups',
  body: 'Mains lost',
  images: [],
  urgent: false,
  ...more,
});
const result = { wborMessageId: 'a', deliveredBy: 'relay', state: 'delivered', spooled: true } as const;

it('what was settled is known by its id and by what the chat shows of it', () => {
  const settled = createSettledMessages();
  settled.remember(message('a'), result);
  expect(settled.find(message('a', { at: 2, urgent: true }))).toEqual({ isSame: true, result });
  expect(settled.find(message('b'))).toBeUndefined();
  for (const other of [{ body: 'Mains back' }, { images: ['https://x.test/a.png'] }, { source: 'endec' }]) {
    expect(settled.find(message('a', other))).toMatchObject({ isSame: false });
  }
});

it('the oldest is forgotten', () => {
  const settled = createSettledMessages(2);
  for (const id of ['a', 'b', 'a', 'c']) settled.remember(message(id), result);
  expect(['a', 'b', 'c'].map((id) => settled.find(message(id)) !== undefined)).toEqual([true, false, true]);
});
