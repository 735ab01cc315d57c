import { expect, it } from 'vitest';
import { expiryOf, readTokens } from './tokens.ts';

const sight = (metrics: Record<string, number>) => ({
  name: 'gateway',
  isReady: true,
  faults: [],
  notices: [],
  metrics: new Map(Object.entries(metrics)),
});
const now = new Date('2026-12-01T12:00:00Z');

it('are those of all gateways, each once', () => {
  const ups = 'gateway_token_expires_timestamp_seconds{id="0a1b",source="ups"}';
  const endec = 'gateway_token_expires_timestamp_seconds{id="2c3d",source="endec"}';
  const at = now.getTime() / 1_000 + 86_400 * 30;
  expect(
    readTokens([
      sight({ [ups]: Number.POSITIVE_INFINITY, [endec]: at }),
      sight({ [ups]: Number.POSITIVE_INFINITY }),
    ]),
  ).toEqual([
    { id: '0a1b', source: 'ups', expiresAt: undefined },
    { id: '2c3d', source: 'endec', expiresAt: new Date(at * 1_000) },
  ]);
});

it('are none where a gateway has none, and unknown where no gateway is looked at', () => {
  expect(readTokens([sight({ gateway_spooled_total: 0 })])).toEqual([]);
  expect(readTokens([sight({ relay_posts_total: 0 })])).toBeUndefined();
});

it.each([
  [undefined, 'never expires', 'good'],
  ['2026-12-31T12:00:00Z', 'expires in 30 days', 'good'],
  ['2026-12-02T00:00:00Z', 'expires in a day', 'wait'],
  ['2026-12-01T12:00:00Z', 'has expired', 'bad'],
])('one that expires at %s is said so', (at, words, tone) => {
  expect(
    expiryOf({ id: '1', source: 'ups', expiresAt: at === undefined ? undefined : new Date(at) }, now),
  ).toEqual({ words, tone });
});
