import { PARKED_HEADERS } from '@wbor/contracts';
import { expect, it } from 'vitest';
import { parkableHeaders } from './parkable-headers.ts';

it('takes along what a message says of itself, and not what would lead it, or its replay, elsewhere', () => {
  const death = [{ queue: 'relay.outbox', reason: 'delivery_limit' }];
  expect(parkableHeaders({ mine: 1, CC: ['a'], BCC: ['b'], 'x-death': death })).toEqual({
    mine: 1,
    [PARKED_HEADERS.leftOut]: 'CC, BCC, x-death',
  });
});
