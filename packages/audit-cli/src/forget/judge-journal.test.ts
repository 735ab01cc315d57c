import { expect, it } from 'vitest';
import { findUnfinished, readJournalEntry } from './judge-journal.ts';

const now = Date.parse('2026-11-30T12:00:00Z');

function entry(wbor_message_id: string, fields: Record<string, unknown>) {
  const body = { wbor_message_id, part: 1, parts: 1, sent_at: '2026-11-30T11:59:00Z', ...fields };
  return readJournalEntry(Buffer.from(JSON.stringify(body)));
}

it('takes a message for unfinished until its last part has ended', () => {
  const entries = [
    entry('announced', {}),
    entry('half', { parts: 2, outcome: 'delivered' }),
    entry('again', { outcome: 'refused' }),
    entry('whole', { parts: 2, outcome: 'delivered' }),
    entry('whole', { parts: 2, part: 2, outcome: 'delivered' }),
    entry('blocked', { outcome: 'blocked' }),
  ];
  expect(findUnfinished(entries, now)).toEqual(new Set(['announced', 'half', 'again']));
});

it('waits for none of those that began an hour ago, and for nothing that it cannot read', () => {
  const entries = [
    entry('old', { sent_at: '2026-11-30T10:00:00Z' }),
    entry('never', { sent_at: 'soon' }),
    readJournalEntry(Buffer.from('{')),
    readJournalEntry(Buffer.from('null')),
  ];
  expect(findUnfinished(entries, now)).toEqual(new Set());
});
