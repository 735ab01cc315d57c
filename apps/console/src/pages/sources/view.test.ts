import { createStationClock } from '@wbor/station-clock';
import { expect, it } from 'vitest';
import { render } from '../../html.ts';
import { sourcesPage } from './view.ts';

const now = new Date('2026-12-01T12:00:00Z');
const session = {
  id: '1',
  subject: 'x',
  name: 'x',
  role: 'viewer',
  way: 'password',
  csrf: 'x',
  startedAt: now,
  lastSeenAt: now,
} as const;

it('says which tokens a source has, and which belong to sources that have sent nothing', () => {
  const html = render(
    sourcesPage([{ source: 'ups', messages: 1, lastAt: now, lastTimes: [now], days: [] }], {
      clock: createStationClock('America/New_York'),
      session,
      now,
      sent: undefined,
      tokens: [
        { id: '0a1b', source: 'ups', expiresAt: undefined },
        { id: '2c3d', source: 'endec', expiresAt: now },
      ],
    }),
  );
  const words = html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  expect(words).toContain('token 0a1b never expires');
  expect(words).toContain('Tokens of sources that have sent nothing endec: token 2c3d has expired');
});
