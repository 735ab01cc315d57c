import { expect, it } from 'vitest';
import { failsafe } from './failsafe.ts';

function read(body: Record<string, unknown>) {
  return failsafe.read(failsafe.schema.parse(body), 'notification.failsafe-status', body);
}

it('names no person', () => {
  const details = { persona: { name: 'Night Owl', email: 'owl@example.org' } };
  expect(JSON.stringify(read({ active_source: 'B', details }))).not.toMatch(/owl/i);
});

it.each([
  [{ active_source: 'B' }, 'Failsafe: source B plays.'],
  [{ active_source: 'B', previous_active_source: null }, 'Failsafe: source B plays.'],
  [{ active_source: 'A', previous_active_source: 'B' }, 'Failsafe: source A plays, before it B.'],
  [{ active_source: 1 }, 'Failsafe: source 1 plays.'],
  [{ event_type: 'source_change' }, ''],
])('says which source plays: %j', (body, text) => {
  expect(read(body)).toMatchObject({ text });
});

it('begins with the backup, and ends with the main source', () => {
  expect(read({ active_source: 'B' })).toMatchObject({ episode: { id: 'source', phase: 'begin' } });
  const end = read({ active_source: 'A', previous_active_source: 'B' });
  expect(end).toMatchObject({ episode: { id: 'source', phase: 'end' } });
  expect(end.kind === 'message' && end.episode?.fold?.('4 seconds')).toBe(
    'Failsafe: source B played for 4 seconds; A plays again.',
  );
});
